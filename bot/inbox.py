"""The door: many events that arrive at once share one durable commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from bot.event import Event


class Kept(Protocol):
    """Where an event stands after it was stored."""

    @property
    def id(self) -> int: ...
    @property
    def fresh(self) -> bool: ...
    @property
    def done(self) -> bool: ...
    @property
    def answer(self) -> str: ...


Store = Callable[[Sequence[tuple[Event, str]]], Awaitable[Sequence[Kept]]]
Wake = Callable[[], Awaitable[None]]


class Door:
    """One writer that commits whatever has gathered while the last commit was under way.

    Nobody waits for a timer: a lone event is written at once, and under load the time of one
    commit is the time in which the next group gathers.
    """

    GROUP = 200

    def __init__(self, store: Store, wake: Wake) -> None:
        self._store = store
        self._wake = wake
        self._queue: asyncio.Queue[tuple[Event, str, asyncio.Future[Kept]]] = asyncio.Queue(5_000)
        self._writer: asyncio.Task[None] | None = None
        self._waker: asyncio.Task[None] | None = None
        self._unheard = False

    async def keep(self, event: Event, trace: str) -> Kept:
        """Store the event; returns once it is on disk. Raises what the database raised."""
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        kept: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        await self._queue.put((event, trace, kept))
        return await kept

    async def close(self) -> None:
        """Stop; what was answered is on disk already, whoever still waits is let go."""
        for task in (self._writer, self._waker):
            if task:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        while not self._queue.empty():
            _, _, kept = self._queue.get_nowait()
            kept.cancel()

    async def _write(self) -> None:
        while True:
            group = [await self._queue.get()]
            while len(group) < self.GROUP and not self._queue.empty():
                group.append(self._queue.get_nowait())
            try:
                await self._commit(group)
            except asyncio.CancelledError:
                for _, _, kept in group:
                    kept.cancel()
                raise
            except Exception as fault:  # whatever it is, whoever waits must learn of it
                for _, _, kept in group:
                    if not kept.done():
                        kept.set_exception(fault)

    async def _commit(self, group: list[tuple[Event, str, asyncio.Future[Kept]]]) -> None:
        """Store a group; of several equal events in one group the first is the event."""
        unique: dict[tuple[str, str, str], tuple[Event, str]] = {}
        for event, trace, _ in group:
            unique.setdefault(_name(event), (event, trace))
        stored = await self._store(list(unique.values()))
        found = dict(zip(unique, stored, strict=True))
        for event, _, kept in group:
            if not kept.done():  # the platform may have hung up meanwhile
                kept.set_result(found[_name(event)])
        self._unheard = True
        if self._waker is None or self._waker.done():
            self._waker = asyncio.create_task(self._wake_up())

    async def _wake_up(self) -> None:
        """Tell the workers; if the queue is away, their own sweep finds the events."""
        while self._unheard:  # a call that began before a commit may have been heard before it
            self._unheard = False
            with suppress(Exception):
                await self._wake()


def _name(event: Event) -> tuple[str, str, str]:
    return event.platform, event.app, event.key
