"""Callbacks over HTTP: believe, keep, answer; in that order."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from bot.adapter import WireAnswer
from bot.commands import Answer, Args, Commands, Context, Reply
from bot.event import Event, Kind
from bot.inbox import Door
from bot.web import MAX_BODY, Callbacks
from cards.card import Button, Card, Text, Tone, from_json
from jobs.outbox import PRESSED_WAIT
from models import inbox, outbox
from models.inbox import InboxRow
from models.outbox import OutboxRow
from tests import fakes
from tests.fakes import APP, TENANT
from tests.office import Office, state

Client = TestClient[web.Request, web.Application]
FEISHU = "/webhooks/feishu/main"
GENUINE = {"X-Signature": "genuine"}
commands = Commands("test")
gates: dict[str, asyncio.Event] = {}


@commands.on("批准", usage="批准", help="按钮")
async def approve(ctx: Context, args: Args) -> Reply:
    return Answer(decided(ctx.person.name), toast="已批准", tone=Tone.GOOD)


@commands.on("拖延", usage="拖延", help="按钮")
async def delay(ctx: Context, args: Args) -> Reply:
    gates["began"].set()
    await gates["slow"].wait()
    return Answer(decided(ctx.person.name), toast="终于")


@commands.on("说", usage="说", help="一句话")
async def say(ctx: Context, args: Args) -> Reply:
    return Card("听到了")


@commands.on("崩溃", usage="崩溃", help="出错")
async def crash(ctx: Context, args: Args) -> Reply:
    raise RuntimeError("boom")


def question() -> Card:
    return Card("请决定", (Text("…"),), buttons=(Button("批准", "批准"),), ref="ask:1")


def decided(by: str) -> Card:
    return Card(f"{by} 已批准", (Text("…"),), ref="ask:1")


@pytest.fixture
def office(database: str) -> Office:
    gates.update(slow=asyncio.Event(), began=asyncio.Event())  # of this test's loop
    return Office(parts=(commands,))


@pytest.fixture
async def client(office: Office) -> AsyncIterator[Client]:
    """The callbacks of three platforms, served as main.py serves them."""

    async def store(arrivals: Any) -> Any:
        wait = timedelta(seconds=6)
        return await inbox.store(arrivals, now=office.clock(), press_wait=wait)

    door = Door(store, fakes.silence)
    callbacks = Callbacks(
        office.platforms, door, office.inbox, now=office.clock, metrics=office.metrics
    )
    app = web.Application(client_max_size=MAX_BODY)
    app.add_routes(callbacks.routes())
    async with TestClient(TestServer(app)) as found:
        yield found
    await door.close()


async def post(client: Client, event: Event, path: str = FEISHU) -> ClientResponse:
    return await client.post(path, data=json.dumps(event.to_json()), headers=GENUINE)


def press(text: str, key: str = "p1", message: str = "om_1") -> Event:
    return fakes.event(text, key=key, kind=Kind.PRESS, origin={"message": message})


async def ask(office: Office) -> None:
    """The question lies on the phone."""
    await fakes.hire("赵敏", feishu="zhao")
    message = outbox.Message(TENANT, "ask", "feishu", APP, question(), user="zhao")
    await outbox.put(message, now=office.clock())
    await office.settle()
    assert office.phone().shown() == ["请决定"]


def counted(office: Office, **labels: str) -> float:
    """The callbacks that the metrics have counted under these labels."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(office.metrics.text({}))
        for sample in family.samples
        if sample.name == "momentum_callbacks_total" and labels.items() <= sample.labels.items()
    )


async def until_done() -> None:
    async with asyncio.timeout(5):
        while await InboxRow.filter(state="new").exists():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("headers", [{}, {"X-Signature": "forged"}])
async def test_what_is_forged_is_refused_and_not_kept(
    client: Client, office: Office, headers: dict[str, str]
) -> None:
    body = json.dumps(fakes.event().to_json())
    response = await client.post(FEISHU, data=body, headers=headers)
    assert (response.status, await response.text()) == (403, "signature")
    assert await InboxRow.all().count() == 0
    assert counted(office, platform="feishu", kind="-", result="rejected") == 1


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"{", b"not json"])
async def test_garbage_is_400(client: Client, body: bytes) -> None:
    response = await client.post(FEISHU, data=body, headers=GENUINE)
    assert response.status == 400
    assert await InboxRow.all().count() == 0


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/feishu/other",
        "/webhooks/wecom/other",
        "/webhooks/dingtalk/main",
        "/webhooks/dingtalk/main/other",
        "/webhooks/slack/main",
    ],
)
async def test_an_unknown_app_or_route_is_404(client: Client, path: str) -> None:
    assert (await post(client, fakes.event(), path)).status == 404
    assert await InboxRow.all().count() == 0


async def test_what_nobody_understands_is_kept_and_counted(client: Client, office: Office) -> None:
    assert (await post(client, fakes.event("?", kind=Kind.UNKNOWN))).status == 200
    assert (await InboxRow.get()).kind == "unknown"
    assert counted(office, kind="unknown", result="kept") == 1


@pytest.mark.parametrize("route", ["robot", "event", "card"])
async def test_dingtalk_has_three_routes(client: Client, route: str) -> None:
    said = fakes.event(platform="dingtalk", key=route)
    assert (await post(client, said, f"/webhooks/dingtalk/main/{route}")).status == 200
    assert await InboxRow.filter(platform="dingtalk").count() == 1


async def test_a_body_over_a_megabyte_is_413(client: Client) -> None:
    response = await client.post(FEISHU, data=io.BytesIO(b"x" * (MAX_BODY + 1)), headers=GENUINE)
    assert response.status == 413


async def test_a_chunked_body_over_a_megabyte_is_413(client: Client) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b"x" * (MAX_BODY // 16)

    response = await client.post(FEISHU, data=endless(), headers=GENUINE)
    assert response.status == 413


async def test_a_megabyte_is_read(client: Client) -> None:
    response = await client.post(FEISHU, data=io.BytesIO(b"x" * MAX_BODY), headers=GENUINE)
    assert response.status == 400  # read, and no JSON


async def test_the_protocols_own_question_gets_its_answer(client: Client) -> None:
    response = await client.post(FEISHU, json={"challenge": "c-1"}, headers=GENUINE)
    assert (response.status, await response.text()) == (200, "c-1")
    assert await InboxRow.all().count() == 0


async def test_what_means_nothing_to_us_is_acknowledged(client: Client) -> None:
    response = await client.post(FEISHU, json={}, headers=GENUINE)
    assert (response.status, await response.text()) == (200, "")
    assert await InboxRow.all().count() == 0


async def test_a_message_is_kept_before_it_is_answered(client: Client, office: Office) -> None:
    response = await post(client, fakes.event("说"))
    assert (response.status, await response.text()) == (200, "")
    row = await InboxRow.get()
    assert (row.state, row.key, row.lane) == ("new", "k:feishu:zhao:message:说", "feishu:main:zhao")
    assert len(row.trace) == 16
    assert counted(office, platform="feishu", kind="message", result="kept") == 1


async def test_fifty_repeats_at_once_are_one_event(client: Client, office: Office) -> None:
    responses = await asyncio.gather(*(post(client, fakes.event("说")) for _ in range(50)))
    assert {response.status for response in responses} == {200}
    assert await InboxRow.all().count() == 1
    await post(client, fakes.event("说"))
    assert counted(office, result="repeated") >= 1


async def test_when_the_database_is_away_the_platform_is_not_told_ok(
    client: Client, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise OSError("database is away")

    monkeypatch.setattr(inbox, "store", broken)
    response = await post(client, fakes.event("说"))
    assert response.status == 503
    assert counted(office, result="failed") == 1


async def test_a_press_is_answered_in_place_and_its_queued_change_dropped(
    client: Client, office: Office
) -> None:
    await ask(office)
    told = await (await post(client, press("批准"))).json(content_type=None)
    assert from_json(told["card"]) == decided("赵敏")
    assert (told["toast"], told["tone"]) == ("已批准", "good")
    office.clock.wait(seconds=60)
    await office.settle()
    assert office.phone().shown() == ["赵敏 已批准"]
    assert len(office.phone().calls) == 1  # the question; its answer needed no call
    assert await OutboxRow.filter(state="new").count() == 0


async def test_a_repeated_press_is_one_effect_and_gets_the_same_answer(
    client: Client, office: Office
) -> None:
    await ask(office)
    first = await (await post(client, press("批准"))).read()
    again = await (await post(client, press("批准"))).read()
    assert again == first
    assert await InboxRow.all().count() == 1
    assert await OutboxRow.filter(ref="ask:1").count() == 2  # the question and one change


async def test_a_repeat_of_a_press_that_is_being_worked_gets_its_answer(
    client: Client, office: Office
) -> None:
    await ask(office)
    first = asyncio.create_task(post(client, press("拖延")))
    async with asyncio.timeout(5):
        await gates["began"].wait()
    again = asyncio.create_task(post(client, press("拖延")))
    for _ in range(200):  # it arrives; where the database has one writer, it waits at the door
        await asyncio.sleep(0)
    gates["slow"].set()
    answers = [await (await task).read() for task in (first, again)]
    assert answers[0] == answers[1]
    assert json.loads(answers[0])["toast"] == "终于"


async def test_a_repeat_of_a_press_that_another_process_works_waits_for_its_answer(
    client: Client, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(office)
    pressed = press("批准")
    [entry] = await office.keep(pressed)
    work = office.inbox.work

    async def locked(id: int) -> None:
        """The row is locked by the other process, which is done a moment later."""
        asyncio.get_running_loop().call_soon(lambda: others.append(asyncio.create_task(work(id))))

    others: list[asyncio.Task[Any]] = []
    monkeypatch.setattr(office.inbox, "work", locked)
    told = await (await post(client, pressed)).json(content_type=None)
    assert (told["toast"], await state(entry)) == ("已批准", "done")
    await asyncio.gather(*others)


async def test_a_press_slower_than_its_budget_gets_a_toast_and_the_card_changes_later(
    client: Client, office: Office
) -> None:
    await ask(office)
    office.phone().press_seconds = 0.05
    told = await (await post(client, press("拖延"))).json(content_type=None)
    assert (told["toast"], told["card"]) == ("正在处理，卡片稍后更新", None)
    assert office.phone().shown() == ["请决定"]
    gates["slow"].set()
    await until_done()
    office.clock.wait(seconds=PRESSED_WAIT.total_seconds())
    await office.settle()
    assert office.phone().shown() == ["赵敏 已批准"]


async def test_a_platform_without_a_budget_is_answered_at_once_and_worked_by_the_queue(
    client: Client, office: Office
) -> None:
    await ask(office)
    office.phone().press_seconds = 0
    response = await post(client, press("批准"))
    assert await response.read() == b""
    assert (await InboxRow.get()).state == "new"


async def test_a_failed_press_is_kept_for_another_try(client: Client, office: Office) -> None:
    await ask(office)
    response = await post(client, press("崩溃"))
    assert (response.status, await response.read()) == (200, b"")
    row = await InboxRow.get()
    assert (row.state, row.attempts) == ("new", 1)


async def test_a_change_stays_queued_when_the_platform_shows_nothing_inline(
    client: Client, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty acknowledgement shows nobody a card, so the card must still change by the API."""
    await ask(office)
    monkeypatch.setattr(office.phone(), "answer", lambda *_: WireAnswer())
    await post(client, press("批准"))
    assert await OutboxRow.filter(state="new").count() == 1
    office.clock.wait(seconds=PRESSED_WAIT.total_seconds())
    await office.settle()
    assert office.phone().shown() == ["赵敏 已批准"]


async def test_two_people_press_at_once_and_both_see_the_outcome(
    client: Client, office: Office
) -> None:
    await ask(office)
    await fakes.hire("钱进", feishu="qian")
    message = outbox.Message(TENANT, "ask2", "feishu", APP, question(), user="qian")
    await outbox.put(message, now=office.clock())
    await office.settle()
    other = fakes.event("批准", key="p2", who="qian", kind=Kind.PRESS, origin={"message": "om_2"})
    await asyncio.gather(post(client, press("批准")), post(client, other))
    office.clock.wait(seconds=60)
    await office.settle()
    [shown] = set(office.phone().shown())
    assert shown in ("赵敏 已批准", "钱进 已批准")
    assert await OutboxRow.filter(state="new").count() == 0
