"""Wake-up calls between processes: arq over Redis or the embedded Valkey.

The queue carries no work, only "look into your tables": what it forgets, a sweep finds again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import Any

from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

QUEUE = "momentum"
PATIENCE = 1.0  # seconds; a pressed button's answer waits behind its wake-up


def dumps(job: dict[str, Any]) -> bytes:
    """arq's job as JSON: a queue that others can reach must not carry pickles."""
    return json.dumps(job, default=str).encode()


def loads(raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(raw)
    return found


class Queue:
    """The sending end. Failure is no error: the sweeps work without it."""

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings
        self._pool: ArqRedis | None = None
        self._connecting = asyncio.Lock()

    async def wake(self, room: str) -> None:
        """Ask some worker to look into a room ("inbox", "outbox" or "task")."""
        try:
            async with asyncio.timeout(PATIENCE):
                pool = await self._connected()
                await pool.enqueue_job("look", room, _queue_name=QUEUE, _expires=60)
        except (RedisError, OSError) as fault:
            log.warning("queue is away", extra={"fault": type(fault).__name__})

    async def is_alive(self) -> bool:
        """Whether the queue answers."""
        try:
            async with asyncio.timeout(PATIENCE):
                return bool(await (await self._connected()).ping())
        except (RedisError, OSError):
            return False

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    async def _connected(self) -> ArqRedis:
        """The one pool, however many ask for it at once."""
        async with self._connecting:
            if self._pool is None:
                self._pool = await connect(self._settings)
            return self._pool


async def connect(settings: RedisSettings) -> ArqRedis:
    """A pool, or the fault at once: whoever needs it has a way without, or tries again."""
    at_once = replace(settings, conn_retries=0)
    return await create_pool(at_once, job_serializer=dumps, job_deserializer=loads)
