"""The door: many events that arrive at once share one durable commit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from bot.event import Event
from config.log import trace


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


log = logging.getLogger(__name__)

Store = Callable[[Sequence[tuple[Event, str]]], Awaitable[Sequence[Kept]]]
Wake = Callable[[], Awaitable[None]]


class Door:
    """One writer that commits whatever has gathered while the last commit was under way.

    Nobody waits for a timer: a lone event is written at once, and under load the time of one
    commit is the time in which the next group gathers.
    """

    GROUP = 200
    WAKE_PAUSE = 0.02  # seconds between two wake-ups; the first of a burst leaves at once

    def __init__(self, store: Store, wake: Wake) -> None:
        self._store = store
        self._wake = wake
        self._waiting: list[tuple[Event, str, asyncio.Future[Kept]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._waker: asyncio.Task[None] | None = None
        self._unseen = False  # something was committed that no wake-up has told of yet

    def keep(self, event: Event, told: str) -> asyncio.Future[Kept]:
        """Store the event with its trace; the future is done once it is on disk, or has failed."""
        kept: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, told, kept))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return kept

    async def close(self) -> None:
        """Stop; what was answered is on disk already, and whoever still waits is let go."""
        for task in (self._writer, self._waker):
            if task:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        for _, _, kept in self._waiting:
            kept.cancel()

    async def _write(self) -> None:
        trace.set("")  # a group belongs to no single event
        while self._waiting:
            group, self._waiting = self._waiting[: self.GROUP], self._waiting[self.GROUP :]
            try:
                await self._commit(group)
            except asyncio.CancelledError:
                self._waiting = group + self._waiting
                raise
            except Exception as fault:  # whatever it is, whoever waits must learn of it
                for _, _, kept in group:
                    if not kept.done():
                        kept.set_exception(fault)

    async def _commit(self, group: list[tuple[Event, str, asyncio.Future[Kept]]]) -> None:
        """Store a group; of several equal events in one group the first is the event."""
        unique: dict[tuple[str, str, str], tuple[Event, str]] = {}
        for event, told, _ in group:
            unique.setdefault(_name(event), (event, told))
        found = dict(zip(unique, await self._store(list(unique.values())), strict=True))
        for event, _, kept in group:
            if not kept.done():  # the platform may have hung up meanwhile
                kept.set_result(found[_name(event)])
        log.info("events kept", extra={"traces": [told for _, told in unique.values()]})
        self._unseen = True
        if self._waker is None or self._waker.done():
            self._waker = asyncio.create_task(self._wake_up())

    async def _wake_up(self) -> None:
        """Tell the workers; if the queue is away, their own sweep finds the events."""
        while self._unseen:
            self._unseen = False
            with suppress(Exception):
                await self._wake()
            await asyncio.sleep(self.WAKE_PAUSE)


def _name(event: Event) -> tuple[str, str, str]:
    return event.platform, event.app, event.key
