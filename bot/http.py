"""Calls to the platforms: one shared session, one reading of what can go wrong on the way."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from bot.adapter import TransientError
from bot.event import Json

log = logging.getLogger(__name__)

TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)


@dataclass(frozen=True, slots=True)
class Reply:
    """An API's answer: HTTP status, headers (lower-cased names) and its JSON object."""

    status: int
    headers: dict[str, str]
    body: Json


async def call(session: aiohttp.ClientSession, method: str, url: str, **options: Any) -> Reply:
    """Make one API call.

    Raises TransientError for a network fault, a time-out, or an answer that is no JSON object
    (gateways answer HTML when they are overloaded). The URL's query, which may hold a token, is
    never logged.
    """
    if "json" in options:  # the platforms refuse \\uXXXX escapes, so Chinese goes out raw
        text = json.dumps(options.pop("json"), ensure_ascii=False)
        options["data"] = text.encode(errors="replace")  # half an emoji is no reason to fail
        options["headers"] = {
            **options.get("headers", {}),
            "Content-Type": "application/json; charset=utf-8",
        }
    started = time.perf_counter()
    try:
        async with session.request(method, url, timeout=TIMEOUT, **options) as response:
            raw = await response.read()
            body = json.loads(raw)
            if not isinstance(body, dict):
                raise ValueError("no JSON object")
            headers = {name.lower(): value for name, value in response.headers.items()}
            reply = Reply(response.status, headers, body)
    except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError) as fault:
        raise TransientError(f"network: {type(fault).__name__}") from fault
    except (ValueError, UnicodeDecodeError) as fault:
        raise TransientError("answer is no JSON object") from fault
    log.debug(
        "api call",
        extra={
            "url": url.partition("?")[0],
            "status": reply.status,
            "ms": round((time.perf_counter() - started) * 1000, 1),
        },
    )
    return reply


Fetch = Callable[[], Awaitable[tuple[str, float]]]
"""Asks the platform for a token; returns it with its life in seconds."""


class Tokens(Protocol):
    """Where processes share their tokens."""

    async def share(
        self, credentials: Sequence[str], refused: str, fetch: Fetch
    ) -> tuple[str, float]:
        """A token other than `refused` and its remaining seconds, fetched only if nobody has one.

        `credentials` name the app; they are hashed and never kept.
        """
        ...


class Token:
    """An access token shared by everyone in the process and fetched once, however many ask.

    `fetch` returns the token and its life in seconds; it is renewed `early` seconds before that.
    With `tokens` it is shared with other processes that have the same `credentials`.
    """

    def __init__(
        self,
        fetch: Fetch,
        *,
        early: float = 300,
        monotonic: Callable[[], float] = time.monotonic,
        tokens: Tokens | None = None,
        credentials: Sequence[str] = (),
    ) -> None:
        self._tokens = tokens
        self._credentials = tuple(credentials)
        self._fetch = fetch
        self._early = early
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._value = ""
        self._until = 0.0

    async def get(self, *, instead_of: str = "") -> str:
        """The current token; `instead_of` is one the platform has just refused."""
        async with self._lock:
            stale = self._monotonic() >= self._until or self._value == instead_of
            if stale or not self._value:
                self._value, seconds = await self._renewed(instead_of)
                self._until = self._monotonic() + seconds
            return self._value

    async def _renewed(self, refused: str) -> tuple[str, float]:
        """A token and the seconds for which it is good without asking."""
        if self._tokens is None:
            return await self._usable()
        return await self._tokens.share(self._credentials, refused, self._usable)

    async def _usable(self) -> tuple[str, float]:
        token, life = await self._fetch()
        return token, max(life - self._early, life / 2)
