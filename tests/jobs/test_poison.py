"""Events that kill whoever works them: found out, buried, and nobody else with them."""

from __future__ import annotations

import asyncio
import json

import pytest

from bot.commands import Args, Commands, Context, Reply
from cards.card import Card
from jobs import inbox as working
from jobs import worker
from jobs.inbox import DEATHS, Inbox
from models import outbox
from models.inbox import RECOVERY_WAIT, InboxRow
from models.outbox import OutboxRow
from tests import fakes
from tests.fakes import event
from tests.office import Office, state

commands = Commands("test")


killed = asyncio.Event()


class KilledError(BaseException):
    """kill -9, as far as a test can die."""


@commands.on("毒", usage="毒", help="杀死进程")
async def poison(ctx: Context, args: Args) -> Reply:
    killed.set()
    raise KilledError


@commands.on("记", usage="记", help="记一笔")
async def innocent(ctx: Context, args: Args) -> Reply:
    return Card("记下了")


@commands.on("挂", usage="挂", help="永远不回")
async def hang(ctx: Context, args: Args) -> Reply:
    await asyncio.Event().wait()
    return None


@commands.on("崩溃", usage="崩溃", help="出错")
async def crash(ctx: Context, args: Args) -> Reply:
    raise RuntimeError("boom")


@pytest.fixture
async def office(database: str) -> Office:
    await fakes.hire("赵敏", feishu="zhao")
    return Office(parts=(commands,))


async def restart(office: Office) -> None:
    """A new process a little later, which works what is due or dies over it."""
    office.clock.wait(seconds=10)
    office.inbox = Inbox(office.house, office.table, fakes.silence)
    await live(office)


async def live(office: Office) -> None:
    """Work what is due; what kills, kills the rest of its batch too."""
    killed.clear()
    token = worker._stopping.set(killed)
    before = asyncio.all_tasks()
    try:
        await office.inbox.drain()
    except KilledError:
        if rest := asyncio.all_tasks() - before:
            await asyncio.wait(rest)
    finally:
        worker._stopping.reset(token)


async def titles() -> list[str]:
    return [json.loads(row.card)["title"] for row in await OutboxRow.all().order_by("id")]


async def test_an_event_that_kills_its_worker_is_dead_after_three_recoveries(
    office: Office,
) -> None:
    [entry] = await office.keep(event("毒"))
    await live(office)
    for _ in range(DEATHS - 1):
        await restart(office)
        assert await state(entry) == "new"
    await restart(office)
    row = await InboxRow.get(id=entry)
    assert (row.state, row.recoveries) == ("dead", 0)
    assert [title[:10] for title in await titles()] == ["刚才这条没有处理成功"]


async def test_the_innocent_of_its_batch_are_done(office: Office) -> None:
    crowd = [event("记", who=f"p{number}") for number in range(9)]
    for person in range(9):
        await fakes.hire(f"p{person}", feishu=f"p{person}")
    ids = await office.keep(*crowd[:4], event("毒"), *crowd[4:])
    for _ in range(DEATHS + 2):
        await restart(office)
    assert [await state(entry) for entry in ids].count("done") == 9
    assert await state(ids[4]) == "dead"


async def test_an_event_of_the_running_process_costs_no_count(office: Office) -> None:
    [entry] = await office.keep(event("记"))
    await office.inbox.drain()
    assert (await InboxRow.get(id=entry)).recoveries == 0


async def test_a_failure_that_was_survived_begins_the_count_anew(office: Office) -> None:
    [entry] = await office.keep(event("崩溃"))
    await InboxRow.filter(id=entry).update(recoveries=1)
    await restart(office)
    row = await InboxRow.get(id=entry)
    assert (row.state, row.attempts, row.recoveries) == ("new", 1, 0)


async def test_what_another_process_counts_just_now_is_left_to_it(office: Office) -> None:
    [entry] = await office.keep(event("记"))
    office.clock.wait(seconds=10)
    heirs = [Inbox(office.house, office.table, fakes.silence) for _ in range(4)]
    await asyncio.gather(*(heir.drain() for heir in heirs))
    office.clock.wait(seconds=RECOVERY_WAIT.total_seconds())  # if they were in each other's way
    await heirs[0].drain()
    assert (await state(entry), await titles()) == ("done", ["记下了"])
    assert (await InboxRow.get(id=entry)).recoveries < DEATHS


async def test_what_never_returns_is_a_failed_try(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "LONGEST", 0.3)
    [entry] = await office.keep(event("挂"))
    await office.inbox.drain()
    row = await InboxRow.get(id=entry)
    assert (row.state, row.attempts, row.error) == ("new", 1, "TimeoutError: ")


async def test_an_event_nobody_can_read_dies_and_holds_up_nobody(office: Office) -> None:
    broken, whole = await office.keep(event("记", who="?"), event("记"))
    await InboxRow.filter(id=broken).update(body="{}")
    for _ in range(working.TRIES):
        await office.inbox.drain()
        office.clock.wait(seconds=60)
    assert (await state(broken), await state(whole)) == ("dead", "done")


async def test_death_and_the_apology_come_together(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    [entry] = await office.keep(event("崩溃"))
    await InboxRow.filter(id=entry).update(attempts=working.TRIES - 1)

    async def refuse(message: outbox.Message, **_: object) -> bool:
        raise RuntimeError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(outbox, "put", refuse)
        with pytest.raises(RuntimeError, match="disk full"):
            await office.inbox.work(entry)
    assert await state(entry) == "new"
    await office.inbox.work(entry)
    assert (await state(entry), len(await titles())) == ("dead", 1)
