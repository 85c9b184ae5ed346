"""The durable inbox: what came in is kept once, and found again whatever it looks like."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.event import Event, Kind
from models import inbox
from models.inbox import InboxRow, Kept
from tests.fakes import NOON, event

pytestmark = pytest.mark.usefixtures("database")


async def store(*events: Event) -> list[Kept]:
    return await inbox.store(
        [(item, "t") for item in events], now=NOON, press_wait=timedelta(seconds=6)
    )


async def due(now: datetime, limit: int) -> list[int]:
    return [item.id for item in await inbox.due(now=now, limit=limit, since=NOON)]


async def test_a_group_is_kept_with_the_answer_in_the_order_it_came() -> None:
    kept = await store(*(event(str(number)) for number in range(200)))
    assert all(item.fresh and not item.done for item in kept)
    rows = {row.id: json.loads(row.body)["text"] for row in await InboxRow.all()}
    assert [rows[item.id] for item in kept] == [str(number) for number in range(200)]


async def test_a_repeat_is_the_same_row_and_fresh_only_once() -> None:
    [first] = await store(event("a"))
    second, other = await store(event("a"), event("b"))
    assert (second.id, second.fresh) == (first.id, False)
    assert other.fresh


async def test_equal_keys_of_different_apps_are_different_events() -> None:
    kept = await store(event(key="1"), event(key="1", platform="wecom"))
    assert [item.fresh for item in kept] == [True, True]


async def test_the_same_event_at_many_doors_at_once_is_fresh_at_one() -> None:
    kept = await asyncio.gather(*(store(event("a"), event(str(n))) for n in range(20)))
    assert sum(group[0].fresh for group in kept) == 1
    assert len({group[0].id for group in kept}) == 1
    assert await InboxRow.all().count() == 21


async def test_a_repeat_brings_back_the_answer() -> None:
    [kept] = await store(event("a", kind=Kind.PRESS))
    row = await InboxRow.get(id=kept.id)
    await inbox.finish(row, answer='{"toast": "好"}', now=NOON)
    [again] = await store(event("a", kind=Kind.PRESS))
    assert (again.done, again.answer) == (True, '{"toast": "好"}')


async def test_a_press_waits_for_its_own_process_and_others_do_not() -> None:
    press, said = await store(event("a", kind=Kind.PRESS), event("b", who="qian"))
    assert await due(NOON, 9) == [said.id]
    assert await due(NOON + timedelta(seconds=6), 9) == [press.id, said.id]


async def test_one_of_a_lane_is_due_at_a_time_oldest_first() -> None:
    kept = await store(event("1"), event("2"), event("3", who="qian"), event("4", who="qian"))
    assert await due(NOON, 9) == [kept[0].id, kept[2].id]
    assert await due(NOON, 1) == [kept[0].id]


_PRINTABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_PRINTABLE, st.dictionaries(_PRINTABLE, _PRINTABLE, max_size=3))
async def test_an_event_comes_back_as_it_went_in(text: str, form: dict[str, str]) -> None:
    said = event(text, form=form, origin=form, key=f"{len(text)}:{hash(text)}:{len(form)}")
    [kept] = await store(said)
    if not kept.fresh:  # the same example again
        return
    row = await InboxRow.get(id=kept.id)
    assert Event.from_json(json.loads(row.body)) == said
