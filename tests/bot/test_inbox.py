"""The door: what arrives at once shares a commit, and nobody is told "kept" too early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from bot.event import Event
from bot.inbox import Door
from bot.inbox import Kept as Kept_
from tests.fakes import event


@dataclass
class Kept:
    id: int
    fresh: bool = True
    done: bool = False
    answer: str = ""


@dataclass
class Disk:
    """A store that commits when it is let, and may fail."""

    groups: list[list[str]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)  # a group with such a key is not stored
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    wakes: int = 0

    async def store(self, arrivals: Sequence[tuple[Event, str]]) -> list[Kept]:
        self.groups.append([item.key for item, _ in arrivals])
        await self.gate.wait()
        if self.broken & {item.key for item, _ in arrivals}:
            raise OSError("disk full")
        return [Kept(hash(item.key)) for item, _ in arrivals]

    async def wake(self) -> None:
        self.wakes += 1


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
async def door(disk: Disk) -> AsyncIterator[Door]:
    opened = Door(disk.store, disk.wake)
    yield opened
    await opened.close()


async def arrive(door: Door, *keys: str) -> list[asyncio.Future[Kept_]]:
    """Events that are all waiting when this returns."""
    tasks: list[asyncio.Future[Kept_]] = [
        asyncio.ensure_future(door.keep(event(key=key), "")) for key in keys
    ]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_whoever_comes_during_a_commit_shares_the_next(door: Door, disk: Disk) -> None:
    first = await arrive(door, "a")
    rest = await arrive(door, "b", "c", "d")
    assert disk.groups == [["a"]]
    disk.gate.set()
    await asyncio.gather(*first, *rest)
    assert disk.groups == [["a"], ["b", "c", "d"]]


async def test_nobody_hears_kept_before_the_commit(door: Door, disk: Disk) -> None:
    [waiting] = await arrive(door, "a")
    assert not waiting.done()
    disk.gate.set()
    assert await waiting == Kept(hash("a"))


async def test_equal_events_in_one_group_are_one(door: Door, disk: Disk) -> None:
    first = await arrive(door, "a")
    rest = await arrive(door, "b", "b", "b", "c")
    disk.gate.set()
    await asyncio.gather(*first, *rest)
    assert disk.groups[1] == ["b", "c"]
    assert [task.result() for task in rest] == [Kept(hash(key)) for key in "bbbc"]


async def test_a_failed_commit_reaches_everybody_in_the_group_and_nobody_else(
    door: Door, disk: Disk
) -> None:
    first = await arrive(door, "a")
    rest = await arrive(door, "b", "c")
    disk.broken.add("b")
    disk.gate.set()
    assert await first[0] == Kept(hash("a"))
    told = await asyncio.gather(*rest, return_exceptions=True)
    assert [type(item) for item in told] == [OSError, OSError]


async def test_the_writer_goes_on_after_a_failure(door: Door, disk: Disk) -> None:
    disk.gate.set()
    disk.broken.add("a")
    with pytest.raises(OSError, match="disk full"):
        await door.keep(event(key="a"), "")
    disk.broken.clear()
    await door.keep(event(key="a"), "")
    assert disk.groups == [["a"], ["a"]]


async def test_who_hung_up_does_not_harm_the_others(door: Door, disk: Disk) -> None:
    gone, stays = await arrive(door, "a", "b")
    gone.cancel()
    disk.gate.set()
    assert await stays == Kept(hash("b"))


async def test_a_group_has_an_end(door: Door, disk: Disk) -> None:
    first = await arrive(door, "first")
    rest = await arrive(door, *(str(number) for number in range(Door.GROUP + 50)))
    disk.gate.set()
    await asyncio.gather(*first, *rest)
    assert [len(group) for group in disk.groups] == [1, Door.GROUP, 50]


async def test_workers_are_woken_after_the_commit_and_a_lost_queue_is_no_fault(disk: Disk) -> None:
    async def away() -> None:
        disk.wakes += 1
        raise ConnectionError

    door = Door(disk.store, away)
    waiting = await arrive(door, "a")
    assert disk.wakes == 0
    disk.gate.set()
    await asyncio.gather(*waiting)
    await arrive(door)
    assert disk.wakes == 1
    await door.close()


async def test_every_commit_wakes_somebody_even_while_the_last_call_is_under_way(
    disk: Disk,
) -> None:
    """A wake-up that began before a commit may have been heard before it: it does not count."""
    calls, answered = 0, asyncio.Event()

    async def slow() -> None:
        nonlocal calls
        calls += 1
        await answered.wait()

    door = Door(disk.store, slow)
    disk.gate.set()
    await door.keep(event(key="a"), "")
    await arrive(door)
    await door.keep(event(key="b"), "")
    answered.set()
    async with asyncio.timeout(2):
        while calls < 2:
            await asyncio.sleep(0.01)
    await door.close()


async def test_closing_leaves_nobody_waiting_for_ever(disk: Disk) -> None:
    door = Door(disk.store, disk.wake)
    waiting = await arrive(door, "a", "b")
    await door.close()
    told = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
    assert all(isinstance(item, BaseException) for item in told)
