"""What all processes keep together in Redis: frequency limits and access tokens.

Redis may vanish or be emptied at any moment. Then each process keeps the limits for itself and
fetches its own tokens; nothing is lost but the sharing.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

from arq.connections import ArqRedis, RedisSettings
from redis.exceptions import RedisError

from bot.http import Fetch
from bot.limits import Charge, LocalLimiter
from bot.metrics import Metrics
from jobs.queue import connect

log = logging.getLogger(__name__)

AWAY_SECONDS = 2.0  # how long nobody asks again after a failure
CALL_SECONDS = 1.0
FETCH_SECONDS = 20.0  # longer than a fetch with its time-outs; a dead fetcher's lock ends then
POLL_SECONDS = 0.05

# All charges or none, by the server's own clock. A key holds when the next even call is due.
_TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local wait, due = 0, {}
for i, key in ipairs(KEYS) do
  local interval, tolerance = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local at = tonumber(redis.call('GET', key) or '0')
  wait = math.max(wait, at - tolerance - now)
  due[i] = math.max(at, now) + interval
end
if wait > 0 then return string.format('%.6f', wait + 0.000001) end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.6f', due[i]), 'PX', math.ceil((due[i] - now) * 1000) + 1)
end
return '0'
"""
_WRITE = """
if redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_UNLOCK = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class AwayError(Exception):
    """Redis does not answer."""


class Store:
    """A connection that fails fast: the callers have another way."""

    def __init__(
        self, settings: RedisSettings, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = replace(settings, conn_retries=0, conn_timeout=1)
        self._monotonic = monotonic
        self._opening: asyncio.Task[ArqRedis] | None = None
        self._away_until = float("-inf")

    async def run(self, *words: Any) -> Any:
        """One Redis command. Raises AwayError, at once if it was away just now."""
        if self._monotonic() < self._away_until:
            raise AwayError
        try:
            async with asyncio.timeout(CALL_SECONDS):
                # Shielded: a connection that is cancelled half-way is never closed.
                pool = await asyncio.shield(self._connected())
                return await pool.execute_command(*words)  # type: ignore[no-untyped-call]
        except (RedisError, OSError, TimeoutError) as fault:
            self._away_until = self._monotonic() + AWAY_SECONDS
            log.warning("shared store is away", extra={"fault": type(fault).__name__})
            raise AwayError from fault

    async def script(self, text: str, keys: Sequence[str], values: Sequence[Any]) -> Any:
        return await self.run("EVAL", text, len(keys), *keys, *values)

    async def close(self) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            with suppress(RedisError, OSError):
                await (await opening).aclose()

    def _connected(self) -> asyncio.Task[ArqRedis]:
        """The one pool, however many ask for it at once; a failed one is opened anew."""
        failed = self._opening and self._opening.done() and self._opening.exception()
        if self._opening is None or failed:
            self._opening = asyncio.create_task(connect(self._settings))
        return self._opening


class SharedLimiter:
    """The platforms' limits over all processes; while Redis is away, over this one."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self._local = LocalLimiter()

    async def take(self, charges: Sequence[Charge]) -> float:
        """Book a call on all charges and return 0, or book none and return the seconds to wait."""
        values = [part for one in charges for part in (one.rate.interval, one.rate.tolerance)]
        try:
            wait = float(await self._store.script(_TAKE, [one.key for one in charges], values))
        except AwayError:
            wait = await self._local.take(charges)
        else:
            if not wait:
                self._local.book(charges)  # so that nobody rushes off when Redis vanishes
        if wait:
            self._metrics.count("momentum_limit_waits_total")
        return wait


class SharedTokens:
    """Access tokens, fetched by one process for all.

    They lie in Redis in the clear, as in any process's memory: whoever can read this Redis can
    act as the app until they expire (two hours at most), and could as well take over the queue.
    The keys are hashes of the app's credentials, so two installations never mix theirs up.
    """

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics

    async def share(
        self, credentials: Sequence[str], refused: str, fetch: Fetch
    ) -> tuple[str, float]:
        """A token other than `refused` and its remaining seconds; raises what `fetch` raises."""
        name = hashlib.sha256("\n".join(credentials).encode()).hexdigest()[:40]
        key, lock = f"momentum:token:{{{name}}}", f"momentum:token:{{{name}}}:lock"
        nonce = uuid4().hex
        try:
            while True:
                if found := await self._read(key, refused):
                    return found
                life = int(FETCH_SECONDS * 1000)
                if await self._store.run("SET", lock, nonce, "NX", "PX", life):
                    break
                await asyncio.sleep(POLL_SECONDS)
        except AwayError:
            return await self._fetched(fetch)
        return await self._renewed(key, lock, nonce, refused, fetch)

    async def _renewed(
        self, key: str, lock: str, nonce: str, refused: str, fetch: Fetch
    ) -> tuple[str, float]:
        """Fetch under the lock; somebody may have been faster before we got it."""
        try:
            if found := await self._read(key, refused):
                return found
            token, seconds = await self._fetched(fetch)
            life = max(1, int(seconds * 1000))
            await self._quietly(self._store.script(_WRITE, [key, lock], [token, life, nonce]))
            return token, seconds
        except AwayError:
            return await self._fetched(fetch)
        finally:
            await self._quietly(self._store.script(_UNLOCK, [lock], [nonce]))

    async def _read(self, key: str, refused: str) -> tuple[str, float] | None:
        raw, left = await self._store.run("GET", key), await self._store.run("PTTL", key)
        token = raw.decode() if raw else ""
        return (token, left / 1000) if token and token != refused and left > 0 else None

    async def _fetched(self, fetch: Fetch) -> tuple[str, float]:
        self._metrics.count("momentum_token_refreshes_total")
        return await fetch()

    async def _quietly(self, call: Awaitable[Any]) -> None:
        try:
            await call
        except AwayError:
            log.info("a token was not shared")
