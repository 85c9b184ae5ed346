"""Durable work for later: which jobs there are, and doing what is due."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.adapter import Adapter
from bot.commands import Work
from config.log import trace
from jobs.inbox import House
from jobs.outbox import post
from jobs.worker import goes_on
from models import task
from models.db import transaction

log = logging.getLogger(__name__)

TRIES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWork(Work):
    """A job's work, with the arguments it was asked with."""

    args: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 0
    apps: Mapping[str, str] = field(default_factory=dict)
    adapters: Mapping[tuple[str, str], Adapter] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """A named piece of work. `prepare` is the slow part, outside any transaction, and may be None;
    `run` gets its result and does the rest in one transaction with all that it says. Together
    they have as long as `lease`.
    """

    name: str
    run: Callable[[TaskWork, Any], Awaitable[None]]
    prepare: Callable[[TaskWork], Awaitable[Any]] | None = None
    lease: timedelta = timedelta(seconds=120)


class Tasks:
    """Does leased tasks; a task whose worker died is found again when its lease has run out."""

    def __init__(
        self, house: House, jobs: Iterable[Job], wake_outbox: Callable[[], Awaitable[None]]
    ) -> None:
        self._house = house
        self._jobs = {job.name: job for job in jobs}
        self._wake_outbox = wake_outbox
        self._lease = max((job.lease for job in self._jobs.values()), default=timedelta(minutes=2))

    async def drain(self) -> int:
        """Work one after the other until nothing is due; returns how many were done or tried."""
        tried = 0
        while goes_on() and (due := await task.claim(now=self._house.now(), lease=self._lease)):
            for item in due:
                await self._do(item)
            tried += len(due)
        return tried

    async def _do(self, item: task.Task) -> None:
        trace.set(item.trace)
        job = self._jobs.get(item.name)
        try:
            if job is None:
                raise LookupError(f"no job {item.name}")
            await self._run(job, item)
        except asyncio.CancelledError:
            await asyncio.shield(task.give_back(item.id))
            raise
        except Exception as fault:
            log.exception("task failed", extra={"task": item.id, "job": item.name})
            last = item.attempts + 1 >= TRIES
            wait = timedelta(seconds=4.0**item.attempts)
            again = None if last else self._house.now() + wait
            await task.fail(item, error=f"{type(fault).__name__}: {fault}", retry_at=again)
        else:
            await self._wake_outbox()

    async def _run(self, job: Job, item: task.Task) -> None:
        end = asyncio.get_running_loop().time() + job.lease.total_seconds()
        async with asyncio.timeout_at(end):
            prepared = await job.prepare(self._work(item)) if job.prepare else None
        work = self._work(item)
        async with transaction(), asyncio.timeout_at(end):
            if not await task.hold(item.id):
                return
            await job.run(work, prepared)
            await post(work, self._house.apps_of(work.tenant))
            await task.finish(item.id, now=work.now)

    def _work(self, item: task.Task) -> TaskWork:
        house = self._house
        return TaskWork(
            tenant=item.tenant,
            now=house.now(),
            zone=house.zone,
            policies=house.policies(item.tenant),
            base_url=house.base_url,
            args=item.args,
            attempts=item.attempts,
            apps=house.apps_of(item.tenant),
            adapters=house.adapters,
        )
