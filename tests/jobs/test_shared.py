"""Limits and tokens over several processes: each store stands for one process's connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from bot.adapter import Limit, TransientError
from bot.http import Token
from bot.limits import Charge, rate
from bot.metrics import Metrics
from jobs.queue import connect
from jobs.shared import SharedLimiter, SharedTokens, Store

SLOW = [Charge("momentum:limit:{feishu:main}:app:-:4/3600", rate(Limit("app", 4, 3600)))]
WHO = ("https://api", "app", "secret")


@dataclass
class Platform:
    """Hands out numbered tokens, and may be told to fail."""

    fetched: int = 0
    fails: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def fetch(self) -> tuple[str, float]:
        self.fetched += 1
        self.asked.set()
        number = self.fetched
        await asyncio.wait_for(self.gate.wait(), 10)
        if self.fails:
            self.fails -= 1
            raise TransientError("http 500")
        return f"token-{number}", 7200


Opened = Callable[[], Store]


@pytest.fixture
async def store(redis: RedisSettings) -> AsyncIterator[Opened]:
    """Opens one more connection, as one more process would."""
    stores: list[Store] = []

    def opened() -> Store:
        stores.append(Store(redis))
        return stores[-1]

    yield opened
    for one in stores:
        await one.close()


def nowhere(tmp_path: Path) -> Store:
    return Store(RedisSettings(unix_socket_path=str(tmp_path / "nobody.sock"), conn_retries=0))


async def keys(redis: RedisSettings) -> list[str]:
    pool = await connect(replace(redis, conn_retries=0))
    found = [key.decode() for key in await pool.keys("momentum:*")]
    await pool.aclose()
    return found


async def test_two_processes_keep_one_limit(store: Opened) -> None:
    one, other = (SharedLimiter(store(), Metrics()) for _ in range(2))
    hour = [Charge("momentum:limit:{x}:a", rate(Limit("app", 12, 3600)))]  # three at once
    waits = [await limiter.take(hour) for limiter in (one, other, one, other, one)]
    assert [bool(wait) for wait in waits] == [False, False, False, True, True]
    assert waits[3] == pytest.approx(360, abs=5)


async def test_what_one_limit_refuses_is_booked_on_none(store: Opened) -> None:
    limiter = SharedLimiter(store(), Metrics())
    wide = Charge("momentum:limit:{feishu:main}:w", rate(Limit("app", 8, 3600)))  # two at once
    assert not await limiter.take([*SLOW, wide])
    assert await limiter.take([*SLOW, wide])
    assert not await limiter.take([wide])


async def test_many_at_once_from_many_processes_stay_within_the_limit(store: Opened) -> None:
    limiters = [SharedLimiter(store(), Metrics()) for _ in range(4)]
    hour = [Charge("momentum:limit:{x}:b", rate(Limit("app", 40, 3600)))]  # ten at once
    waits = await asyncio.gather(*(limiters[n % 4].take(hour) for n in range(60)))
    assert sum(wait == 0 for wait in waits) == 10


async def test_without_redis_each_process_keeps_the_limits_itself(tmp_path: Path) -> None:
    metrics = Metrics()
    limiter = SharedLimiter(nowhere(tmp_path), metrics)
    assert [bool(await limiter.take(SLOW)) for _ in range(2)] == [False, True]
    assert "momentum_limit_waits_total 1.0" in metrics.text({})


async def test_when_redis_vanishes_nobody_rushes_off(store: Opened) -> None:
    shared = store()
    limiter = SharedLimiter(shared, Metrics())
    assert not await limiter.take(SLOW)
    shared._away_until = float("inf")  # gone, and nobody asks it again
    assert await limiter.take(SLOW)


async def test_one_fetch_serves_all_processes(store: Opened) -> None:
    platform = Platform()
    tokens = [
        Token(platform.fetch, tokens=SharedTokens(store(), Metrics()), credentials=WHO)
        for _ in range(4)
    ]
    asking = [asyncio.create_task(token.get()) for token in tokens * 5]
    await asyncio.wait_for(platform.asked.wait(), 10)
    platform.gate.set()
    assert set(await asyncio.gather(*asking)) == {"token-1"}
    assert platform.fetched == 1


async def test_a_refused_token_is_replaced_once_for_all(store: Opened) -> None:
    platform = Platform()
    platform.gate.set()
    tokens = [
        Token(platform.fetch, tokens=SharedTokens(store(), Metrics()), credentials=WHO)
        for _ in range(3)
    ]
    assert {await token.get() for token in tokens} == {"token-1"}
    renewed = await asyncio.gather(*(token.get(instead_of="token-1") for token in tokens))
    assert (set(renewed), platform.fetched) == ({"token-2"}, 2)
    late = await tokens[0].get(instead_of="token-1")  # an answer that was long on its way
    assert (late, platform.fetched) == ("token-2", 2)


async def test_a_new_process_takes_over_what_life_is_left(store: Opened) -> None:
    platform = Platform()
    platform.gate.set()
    shared = SharedTokens(store(), Metrics())
    assert await shared.share(WHO, "", platform.fetch) == ("token-1", 7200)
    token, seconds = await SharedTokens(store(), Metrics()).share(WHO, "", platform.fetch)
    assert (token, platform.fetched) == ("token-1", 1)
    assert 7100 < seconds <= 7200


async def test_a_failed_fetch_leaves_the_way_free(store: Opened) -> None:
    platform = Platform(fails=1)
    platform.gate.set()
    shared = SharedTokens(store(), Metrics())
    with pytest.raises(TransientError):
        await shared.share(WHO, "", platform.fetch)
    assert (await shared.share(WHO, "", platform.fetch))[0] == "token-2"


async def test_other_credentials_are_another_token_and_never_kept(
    store: Opened, redis: RedisSettings
) -> None:
    platform = Platform()
    platform.gate.set()
    shared = SharedTokens(store(), Metrics())
    await shared.share(WHO, "", platform.fetch)
    assert (await shared.share(("https://api", "app2", "secret"), "", platform.fetch))[
        0
    ] == "token-2"
    found = await keys(redis)
    assert len(found) == 2
    assert not any("secret" in key or "app" in key for key in found)


async def test_without_redis_each_process_fetches_its_own_once(tmp_path: Path) -> None:
    platform, metrics = Platform(), Metrics()
    platform.gate.set()
    token = Token(platform.fetch, tokens=SharedTokens(nowhere(tmp_path), metrics), credentials=WHO)
    assert set(await asyncio.gather(token.get(), token.get())) == {"token-1"}
    assert platform.fetched == 1
    assert "momentum_token_refreshes_total 1.0" in metrics.text({})
