"""The outbox, its postman and the sweep that tells admins, on a clock that tests move."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.limits import LocalLimiter
from bot.metrics import Metrics
from bot.sender import Sender
from cards.card import Card
from config.policies import build
from jobs.delivery import Gate, Meter, sweep
from jobs.outbox import Postman, send
from models.outbox import OutboxRow
from tests import fakes
from tests.fakes import APP, TENANT, Clock, FakePlatform

ZONE = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


@dataclass
class Post:
    """The outbox, its postman and the sweep around one Feishu, with a clock that tests move."""

    clock: Clock = field(default_factory=Clock)
    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    feishu: Any = field(default_factory=FakePlatform)
    limiter: Any = field(default_factory=LocalLimiter)

    def __post_init__(self) -> None:
        nights = {"quiet_from": "22:00", **self.stored.get("delivery", {})}
        policies = build(1, {**self.stored, "delivery": nights})
        self.house = fakes.house(self.clock)
        object.__setattr__(self.house, "policies", lambda _: policies)
        self.metrics = Metrics()
        self.meter = Meter(lambda path: path != "/free")
        self.postman = self.worker()
        self.sweep = sweep(self.house, fakes.silence, self.meter)

    def worker(self) -> Postman:
        """One more process that delivers."""
        sender = Sender({("feishu", APP): self.feishu}, self.limiter)
        gate = Gate(self.house)
        return Postman(sender, now=self.clock, metrics=self.metrics, door=gate)

    async def put(
        self, title: str, *, user: str = "zhao", card: Card | None = None, **way: Any
    ) -> int:
        work = self.house.work(TENANT, self.clock())
        self._n = getattr(self, "_n", 0) + 1
        key = way.pop("key", f"k{self._n}")
        if "robot" not in way:
            way["user"] = user
        message = card or Card(title)
        await send(work, message, key=key, platform="feishu", apps={"feishu": APP}, **way)
        return int((await OutboxRow.get(key=key)).id)

    async def go(self) -> list[str]:
        """Sweep and deliver; returns the titles that arrived now."""
        before = len(self.feishu.order)
        await self.sweep()
        await self.postman.drain()
        arrived: list[str] = self.feishu.order[before:]
        return arrived


async def states() -> dict[str, str]:
    return {row.key: row.state for row in await OutboxRow.all()}
