"""The postman: one that hangs holds up nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from bot import sender
from bot.adapter import Delivery
from bot.metrics import Metrics
from bot.sender import Sender
from cards.card import Card
from jobs.outbox import Postman
from models import outbox
from models.outbox import OutboxRow
from tests import fakes
from tests.fakes import APP, NOON, TENANT, Clock, FakePlatform

pytestmark = pytest.mark.usefixtures("database")


class Platforms(dict[tuple[str, str], FakePlatform]):
    """Three platforms on which some people's phones hang until `free` is set."""

    def __init__(self) -> None:
        super().__init__(fakes.platforms())
        self.free = asyncio.Event()
        for platform in self.values():
            platform.deliver = self._hanging(platform.deliver)  # type: ignore[method-assign, assignment]

    def _hanging(
        self, deliver: Callable[[Delivery], Awaitable[object]]
    ) -> Callable[[Delivery], Awaitable[object]]:
        async def hang(delivery: Delivery) -> object:
            if delivery.to.person.startswith("hang"):
                await self.free.wait()
            return await deliver(delivery)

        return hang

    def postman(self) -> Postman:
        found = Postman(Sender(self), now=Clock(), metrics=Metrics())  # type: ignore[arg-type]
        found.POLL_SECONDS = 0.01
        return found


async def put(key: str, user: str, platform: str = "feishu") -> None:
    message = outbox.Message(TENANT, key, platform, APP, Card(key), user=user)
    await outbox.put(message, now=NOON)


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not reached():
            await asyncio.sleep(0.005)


async def test_whoever_hangs_does_not_hold_up_the_others() -> None:
    platforms = Platforms()
    await put("hung", "hang")
    for number in range(60):
        await put(f"m{number}", f"u{number}")
    draining = asyncio.create_task(platforms.postman().drain())
    order = platforms["feishu", APP].order
    await until(lambda: len(order) == 60)
    await put("later", "zhao")  # nor what is queued meanwhile
    await until(lambda: "later" in order)
    platforms.free.set()
    assert await draining == 62
    assert {row.state for row in await OutboxRow.all()} == {"sent"}


async def test_a_platform_that_hangs_does_not_hold_up_the_other_platforms() -> None:
    platforms = Platforms()
    for number in range(50):
        await put(f"h{number}", f"hang{number}")
    await put("wecom", "zhao", "wecom")
    await put("dingtalk", "zhao", "dingtalk")
    draining = asyncio.create_task(platforms.postman().drain())
    await until(lambda: bool(platforms["wecom", APP].order and platforms["dingtalk", APP].order))
    leased = await OutboxRow.filter(platform="feishu", leased_until__isnull=False).count()
    assert leased == Postman.SHARE
    platforms.free.set()
    assert await draining == 52


async def test_a_postman_that_is_stopped_leaves_nothing_under_way() -> None:
    platforms = Platforms()
    await put("hung", "hang")
    draining = asyncio.create_task(platforms.postman().drain())
    rows = OutboxRow.filter(leased_until__isnull=False)
    async with asyncio.timeout(5):
        while not await rows.exists():
            await asyncio.sleep(0.005)
    draining.cancel()
    with suppress(asyncio.CancelledError):
        await draining
    left = [task.get_coro().__qualname__ for task in asyncio.all_tasks()]  # type: ignore[union-attr]
    assert "Postman._deliver" not in left


async def test_a_delivery_that_never_ends_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "LONGEST", 0.01)
    platforms = Platforms()
    await put("hung", "hang")
    await platforms.postman().drain()
    row = await OutboxRow.get()
    assert (row.state, row.attempts, row.leased_until) == ("new", 1, None)


async def test_what_could_not_be_noted_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    platforms, sent = Platforms(), outbox.sent

    async def forget(parcel: object, *rest: object, **more: object) -> None:
        if getattr(parcel, "user", "") == "u0":
            raise RuntimeError("database away")
        await sent(parcel, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(outbox, "sent", forget)
    for number in range(3):
        await put(f"m{number}", f"u{number}")
    assert await platforms.postman().drain() == 3
    assert await OutboxRow.filter(state="sent").count() == 2
