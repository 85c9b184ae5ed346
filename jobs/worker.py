"""The worker: looks into the rooms when woken, and by itself every second or so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from arq import func
from arq.connections import ArqRedis, RedisSettings
from arq.worker import Worker as ArqWorker

from jobs.queue import QUEUE, connect, dumps, loads

log = logging.getLogger(__name__)

Drain = Callable[[], Awaitable[int]]

_stopping: ContextVar[asyncio.Event | None] = ContextVar("stopping", default=None)


def goes_on() -> bool:
    """Whether a drain may begin something new: not once the worker that runs it shall stop."""
    stopping = _stopping.get()
    return stopping is None or not stopping.is_set()


class Worker:
    """Drains rooms. `rooms` maps a room to its drain; wake-ups and sweeps share them.

    A room is drained by one task at a time in this process; a wake-up during a drain causes one
    more round, so nothing that was committed before the wake-up is overlooked.
    """

    SWEEP_SECONDS = 1.0
    POLL_SECONDS = 0.05  # how long a wake-up may lie in the queue
    STOP_SECONDS = 15.0  # for what is in hand; then it is broken off, and done after the restart

    def __init__(self, rooms: Mapping[str, Drain], redis: RedisSettings) -> None:
        self._rooms = rooms
        self._redis = redis
        self._busy = {room: asyncio.Lock() for room in rooms}
        self._again: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._drains: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Begin to sweep and to listen."""
        loops = [self._sweep(room) for room in self._rooms]
        self._tasks = [asyncio.create_task(loop) for loop in (*loops, self._listen())]

    async def stop(self) -> None:
        """Finish what is in hand, within STOP_SECONDS, and begin nothing new."""
        self._stopping.set()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        if not self._drains:
            return
        _, late = await asyncio.wait(self._drains, timeout=self.STOP_SECONDS)
        for task in late:
            log.warning("drain broken off", extra={"task": task.get_name()})
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def look(self, room: str) -> None:
        """Drain a room now; while somebody does so already, ask for one more round."""
        lock = self._busy.get(room)
        if lock is None:
            return
        self._again.add(room)
        if lock.locked() or self._stopping.is_set():
            return
        task = asyncio.create_task(self._drain(room, lock), name=f"drain {room}")
        self._drains.add(task)
        task.add_done_callback(self._drains.discard)
        await asyncio.shield(task)

    async def _drain(self, room: str, lock: asyncio.Lock) -> None:
        _stopping.set(self._stopping)
        async with lock:
            while room in self._again and goes_on():
                self._again.discard(room)
                try:
                    await self._rooms[room]()
                except Exception:
                    log.exception("drain failed", extra={"room": room})

    async def _sweep(self, room: str) -> None:
        while True:
            await self.look(room)
            await asyncio.sleep(self.SWEEP_SECONDS)

    async def _listen(self) -> None:
        """Serve wake-ups from the queue; while it is away the sweeps carry on alone."""

        async def look(ctx: dict[Any, Any], room: str) -> None:
            await self.look(room)

        while True:
            try:
                pool = await connect(self._redis)
                worker = ArqWorker(
                    functions=[func(look, name="look", keep_result=0, timeout=60, max_tries=1)],
                    queue_name=QUEUE,
                    redis_pool=pool,
                    handle_signals=False,
                    poll_delay=self.POLL_SECONDS,
                    keep_result=0,
                    max_jobs=20,
                    health_check_interval=60,
                    job_serializer=dumps,
                    job_deserializer=loads,
                )
                try:
                    await worker.async_run()
                finally:
                    await _end(worker, pool)
            except asyncio.CancelledError:
                raise
            except Exception as fault:
                log.warning("queue is away", extra={"fault": type(fault).__name__})
            await asyncio.sleep(2)


async def _end(worker: ArqWorker, pool: ArqRedis) -> None:
    """Close what listening has opened; a queue that is gone must not turn "stop" into "again"."""
    with suppress(Exception, asyncio.CancelledError):
        await worker.close()
    await asyncio.gather(*worker.tasks.values(), return_exceptions=True)  # they write at their end
    with suppress(Exception, asyncio.CancelledError):
        await pool.aclose()
