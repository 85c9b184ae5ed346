"""The worker: woken or by itself, one round after every wake-up, and nothing left half done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from jobs import queue as queues
from jobs.queue import QUEUE, Queue, connect
from jobs.worker import Worker, goes_on

NOBODY = RedisSettings(unix_socket_path="/nonexistent/queue.sock")


@dataclass
class Room:
    """A drain that counts its rounds and can be held."""

    rounds: int = 0
    done: int = 0
    began: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    fault: Exception | None = None

    async def drain(self) -> int:
        self.rounds += 1
        self.began.set()
        if self.fault:
            raise self.fault
        await self.gate.wait()
        self.done += 1
        return 1


@pytest.fixture
def room() -> Room:
    return Room()


def worker(room: Room, redis: RedisSettings = NOBODY) -> Worker:
    found = Worker({"inbox": room.drain}, redis)
    found.SWEEP_SECONDS = 0.02
    found.POLL_SECONDS = 0.01
    return found


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)


async def test_a_wake_up_during_a_round_causes_one_more_and_only_one(room: Room) -> None:
    own = worker(room)
    first = asyncio.create_task(own.look("inbox"))
    await room.began.wait()
    for _ in range(10):
        await own.look("inbox")
    assert room.rounds == 1
    room.gate.set()
    await first
    assert room.rounds == 2


async def test_looks_at_the_same_moment_share_a_round(room: Room) -> None:
    room.gate.set()
    own = worker(room)
    await asyncio.gather(*(own.look("inbox") for _ in range(10)))
    assert room.rounds == 1


async def test_a_room_that_is_not_here_is_no_fault(room: Room) -> None:
    await worker(room).look("kitchen")


async def test_a_failed_round_is_not_the_last(room: Room) -> None:
    room.fault = RuntimeError("boom")
    own = worker(room)
    await own.look("inbox")
    room.fault = None
    room.gate.set()
    await own.look("inbox")
    assert (room.rounds, room.done) == (2, 1)


async def test_without_a_queue_the_sweep_finds_it(room: Room) -> None:
    room.gate.set()
    own = worker(room)
    own.start()
    await until(lambda: room.done >= 3)
    await own.stop()


async def test_the_sweep_goes_on_after_a_fault(room: Room) -> None:
    room.fault = RuntimeError("boom")
    own = worker(room)
    own.start()
    await until(lambda: room.rounds >= 2)
    room.fault = None
    room.gate.set()
    await until(lambda: room.done >= 1)
    await own.stop()


async def test_stopping_finishes_the_round_and_begins_no_other(room: Room) -> None:
    own = worker(room)
    own.start()
    await room.began.wait()
    stopping = asyncio.create_task(own.stop())
    await asyncio.sleep(0.05)
    assert not stopping.done()
    room.gate.set()
    await stopping
    rounds = room.rounds
    assert room.done == rounds == 1
    await asyncio.sleep(0.05)
    assert room.rounds == rounds


async def test_stopping_does_not_wait_for_a_backlog(room: Room) -> None:
    async def endless() -> int:
        while goes_on():
            room.done += 1
            room.began.set()
            await room.gate.wait()
        return room.done

    own = Worker({"inbox": endless}, NOBODY)
    own.start()
    await room.began.wait()
    stopping = asyncio.create_task(own.stop())
    await until(lambda: own._stopping.is_set())
    room.gate.set()
    async with asyncio.timeout(5):
        await stopping
    assert room.done == 1


async def test_what_hangs_is_broken_off_when_the_worker_stops(room: Room) -> None:
    own = worker(room)
    own.STOP_SECONDS = 0.05
    own.start()
    await room.began.wait()
    async with asyncio.timeout(5):
        await own.stop()
    assert (room.rounds, room.done) == (1, 0)


async def test_outside_of_a_worker_a_drain_goes_on(room: Room) -> None:
    own = worker(room)
    await own.stop()
    assert goes_on()
    await own.look("inbox")
    assert room.rounds == 0


async def test_a_wake_up_travels_through_the_queue(room: Room, redis: RedisSettings) -> None:
    room.gate.set()
    own = worker(room, redis)
    own.SWEEP_SECONDS = 60
    own.start()
    await until(lambda: room.done == 1)  # the first sweep
    sender = Queue(redis)
    await sender.wake("inbox")
    await until(lambda: room.done == 2)
    await sender.close()
    await own.stop()


async def test_of_two_workers_one_hears_each_call(redis: RedisSettings) -> None:
    rooms = [Room(), Room()]
    workers = [worker(room, redis) for room in rooms]
    for room, own in zip(rooms, workers, strict=True):
        room.gate.set()
        own.SWEEP_SECONDS = 60
        own.start()
    await until(lambda: all(room.done == 1 for room in rooms))
    sender = Queue(redis)
    await sender.wake("inbox")
    await until(lambda: sum(room.done for room in rooms) == 3)
    await sender.close()
    for own in workers:
        await own.stop()


async def test_what_lies_in_the_queue_is_json_and_forgotten_after_a_minute(
    redis: RedisSettings,
) -> None:
    """Whoever reaches the queue must not be able to hand us a pickle."""
    sender = Queue(redis)
    await sender.wake("outbox")
    pool = await connect(redis)
    [name] = [key async for key in pool.scan_iter("arq:job:*")]
    job = json.loads(await pool.get(name))
    assert job["f"] == "look"
    assert job["a"] == ["outbox"]
    assert 0 < await pool.pttl(name) <= 60_000
    assert await pool.zcard(QUEUE) == 1
    await pool.aclose()
    await sender.close()


async def test_nobody_waits_for_a_queue_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wake-up stands in the way of a pressed button's answer: it gives up at once."""

    async def never(_: float) -> None:
        raise AssertionError("waited for the queue")

    monkeypatch.setattr("arq.connections.asyncio.sleep", never)
    sender = Queue(RedisSettings(unix_socket_path="/nonexistent/queue.sock"))
    await sender.wake("inbox")
    assert not await sender.is_alive()
    await sender.close()


@asynccontextmanager
async def mute(path: Path) -> AsyncIterator[RedisSettings]:
    """A server that takes calls and never answers."""
    writers: list[asyncio.StreamWriter] = []

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    server = await asyncio.start_unix_server(hold, path)
    yield RedisSettings(unix_socket_path=str(path), conn_retries=0)
    server.close()
    for writer in writers:
        writer.close()


async def test_nobody_waits_for_a_queue_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "PATIENCE", 0.05)
    async with mute(tmp_path / "mute.sock") as settings:
        sender = Queue(settings)
        async with asyncio.timeout(3):
            await sender.wake("inbox")
            assert not await sender.is_alive()
        await sender.close()


async def test_after_the_queue_is_back_calls_are_heard_again(redis: RedisSettings) -> None:
    sender = Queue(redis)
    sender._settings = NOBODY
    await sender.wake("inbox")
    sender._settings = redis
    await sender.wake("inbox")
    pool = await connect(redis)
    assert await pool.zcard(QUEUE) == 1
    await pool.aclose()
    await sender.close()
