"""Durable work for later: asked twice is once, and a crash only delays it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from cards.card import Card
from jobs.task import TRIES, Job, Tasks, TaskWork
from models import audit, person, task
from models.audit import AuditRow
from models.db import transaction
from models.outbox import OutboxRow
from models.task import TaskRow
from tests import fakes
from tests.fakes import NOON, TENANT, Clock

pytestmark = pytest.mark.usefixtures("database")
LEASE = timedelta(seconds=120)


@dataclass
class Shop:
    """A job that counts, and may fail or linger."""

    clock: Clock = field(default_factory=Clock)
    prepared: int = 0
    faults: list[Exception] = field(default_factory=list)
    meanwhile: list[Callable[[], Awaitable[Any]]] = field(default_factory=list)

    async def prepare(self, _: TaskWork) -> int:
        self.prepared += 1
        if self.meanwhile:
            await self.meanwhile.pop()()
        return self.prepared

    async def run(self, work: TaskWork, _: Any) -> None:
        await audit.note(TENANT, actor="system", action="did", subject="job:x", now=work.now)
        for someone in await person.everyone(TENANT):
            work.send(someone, Card("做好了"), key=f"done:{work.args['number']}")
        if self.faults:
            raise self.faults.pop()

    def worker(self) -> Tasks:
        jobs = (Job("x", self.run, self.prepare, LEASE),)
        return Tasks(fakes.house(self.clock), jobs, fakes.silence)


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def ask(key: str = "x:1", *, name: str = "x", **more: Any) -> bool:
    args = {"at": None, "args": {"number": 1}, **more}
    async with transaction():
        return await task.ask(TENANT, name, key=key, now=NOON, **args)


async def done() -> int:
    return await AuditRow.filter(action="did").count()


async def test_asked_twice_is_done_once(shop: Shop) -> None:
    assert await ask()
    assert not await ask()
    await shop.worker().drain()
    await shop.worker().drain()
    assert (await done(), (await TaskRow.get()).state) == (1, "done")
    assert not await ask()  # and asked again afterwards


async def test_asked_at_once_from_everywhere_is_done_once(shop: Shop) -> None:
    answers = await asyncio.gather(*(ask() for _ in range(20)))
    assert sorted(answers) == [False] * 19 + [True]


async def test_what_was_asked_in_a_failed_transaction_was_not_asked(shop: Shop) -> None:
    async def ask_and_fail() -> None:
        async with transaction():
            await task.ask(TENANT, "x", key="k", now=NOON, args={}, at=None)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await ask_and_fail()
    assert await TaskRow.all().count() == 0


async def test_nothing_begins_before_its_time(shop: Shop) -> None:
    await ask(at=NOON + timedelta(days=3))
    assert await shop.worker().drain() == 0
    shop.clock.wait(days=3)
    assert await shop.worker().drain() == 1


async def test_effect_words_and_done_come_together(shop: Shop) -> None:
    await fakes.hire("赵敏")
    shop.faults.append(RuntimeError("boom"))
    await ask()
    await shop.worker().drain()
    assert (await done(), await OutboxRow.all().count()) == (0, 0)
    shop.clock.wait(seconds=1)
    await shop.worker().drain()
    assert (await done(), await OutboxRow.all().count()) == (1, 1)


async def test_a_crash_delays_the_work_by_the_lease_and_no_longer(shop: Shop) -> None:
    await ask()
    await task.claim(now=shop.clock(), lease=LEASE)  # and then the process was killed
    shop.clock.wait(seconds=119)
    assert await shop.worker().drain() == 0
    shop.clock.wait(seconds=2)
    await shop.worker().drain()
    assert await done() == 1


async def die(shop: Shop) -> None:
    """A worker takes what is due and is killed over it; the lease runs out."""
    await task.claim(now=shop.clock(), lease=LEASE)
    shop.clock.wait(seconds=LEASE.total_seconds() + 1)


async def test_what_kills_its_worker_three_times_is_dead_and_takes_nobody_along(shop: Shop) -> None:
    await ask("poison")
    await ask("innocent")
    for _ in range(2):
        await die(shop)
        assert (await TaskRow.get(key="poison")).state == "new"
    await die(shop)
    for _ in range(2):
        await shop.worker().drain()
    rows = {row.key: (row.state, row.recoveries) for row in await TaskRow.all()}
    assert rows == {"poison": ("dead", 3), "innocent": ("done", 0)}


async def test_leases_given_up_at_a_start_count_as_deaths_too(shop: Shop) -> None:
    await ask()
    for _ in range(3):
        await task.claim(now=shop.clock(), lease=LEASE)
        await task.free_leases()
    await shop.worker().drain()
    assert (await done(), (await TaskRow.get()).state) == (0, "dead")


async def test_a_failure_that_was_survived_is_no_death(shop: Shop) -> None:
    await ask()
    for _ in range(2):
        await die(shop)
    shop.faults.append(RuntimeError("boom"))
    await shop.worker().drain()
    shop.clock.wait(seconds=1)
    await die(shop)
    await shop.worker().drain()
    assert await done() == 1


async def test_what_hangs_is_ended_when_its_time_is_over(shop: Shop) -> None:
    async def hang(work: TaskWork) -> None:
        await asyncio.Event().wait()

    job = Job("x", shop.run, hang, timedelta(milliseconds=10))
    await ask()
    await Tasks(fakes.house(shop.clock), (job,), fakes.silence).drain()
    row = await TaskRow.get()
    assert (row.state, row.attempts, row.error) == ("new", 1, "TimeoutError: ")


async def test_a_worker_that_is_stopped_gives_its_task_back(shop: Shop) -> None:
    began = asyncio.Event()

    async def linger() -> None:
        began.set()
        await asyncio.Event().wait()

    shop.meanwhile.append(linger)
    await ask()
    stopped = asyncio.create_task(shop.worker().drain())
    await began.wait()
    stopped.cancel()
    await asyncio.wait([stopped])
    await shop.worker().drain()
    assert (await done(), (await TaskRow.get()).recoveries) == (1, 0)


async def test_two_workers_at_once_do_each_task_once(shop: Shop) -> None:
    for number in range(20):
        await ask(f"x:{number}", args={"number": number})
    await asyncio.gather(*(shop.worker().drain() for _ in range(4)))
    assert await done() == 20
    assert shop.prepared == 20


async def test_who_was_slower_than_the_lease_does_not_do_it_a_second_time(shop: Shop) -> None:
    await ask()
    [late] = await task.claim(now=shop.clock(), lease=LEASE)
    shop.clock.wait(seconds=121)
    await shop.worker().drain()
    await shop.worker()._do(late)  # the first worker comes to its end after all
    assert await done() == 1
    assert (await TaskRow.get()).state == "done"


async def test_a_late_failure_does_not_undo_what_another_has_done(shop: Shop) -> None:
    await ask()
    [late] = await task.claim(now=shop.clock(), lease=LEASE)
    shop.clock.wait(seconds=121)
    await shop.worker().drain()
    await task.fail(late, error="late", retry_at=None)
    assert (await TaskRow.get()).state == "done"


async def test_a_batch_longer_than_its_lease_is_still_done_once(shop: Shop) -> None:
    """The later tasks of a batch begin when their lease, taken with the first, has run out."""
    for number in range(3):
        await ask(f"x:{number}", args={"number": number})

    async def another_worker() -> None:
        shop.clock.at += LEASE + timedelta(seconds=1)
        await shop.worker().drain()

    shop.meanwhile.append(another_worker)
    await shop.worker().drain()
    assert await done() == 3


async def test_tries_grow_apart_and_then_it_is_dead(shop: Shop) -> None:
    shop.faults += [RuntimeError("boom")] * TRIES
    await ask()
    waits = []
    for _ in range(TRIES - 1):
        await shop.worker().drain()
        row = await TaskRow.get()
        waits.append((row.not_before - shop.clock.at).total_seconds())
        shop.clock.at = row.not_before
    assert waits == [1, 4, 16, 64, 256]
    await shop.worker().drain()
    row = await TaskRow.get()
    assert (row.state, row.attempts, row.error) == ("dead", TRIES, "RuntimeError: boom")
    assert await shop.worker().drain() == 0


async def test_a_job_nobody_knows_is_an_error_that_names_it(shop: Shop) -> None:
    await ask(name="y")
    await shop.worker().drain()
    assert (await TaskRow.get()).error == "LookupError: no job y"


async def test_a_failing_task_does_not_hold_up_the_others(shop: Shop) -> None:
    shop.faults.append(RuntimeError("boom"))
    for number in range(6):
        await ask(f"x:{number}", args={"number": number})
    await shop.worker().drain()
    assert await done() == 5
