"""The gallery: each sample card, sent by each adapter to an emulated phone, and what it became."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

import aiohttp

from bot.adapter import Adapter, Address, CannotReplaceError, Delivery, Receipt
from bot.emulator.desk import Bubble, Desk, Json, Resident
from bot.emulator.gallery import Column, Exhibit, Made
from cards.gallery import FILES, GALLERY, Sample
from config.settings import Settings

START = datetime(2026, 10, 8, 6, 30, tzinfo=UTC)
STEP = timedelta(seconds=2)  # between two deliveries: so many at once would break the limits

COLUMNS = {
    "wecom": "企业微信",
    "feishu": "飞书",
    "dingtalk": "钉钉",
    "plain": "钉钉（无模板）",
}
"""A column of the gallery and its caption; "plain" is DingTalk without our card template."""


def platform(column: str) -> str:
    """The platform of a column."""
    return "dingtalk" if column == "plain" else column


async def load(key: str) -> bytes:
    """An attachment's bytes; KeyError for one that no sample has."""
    return FILES[key]


def residents(samples: Sequence[Sample] = GALLERY) -> list[Resident]:
    """A phone for each card and column, so that no one is sent too much."""
    return [
        Resident(platform(column), _phone(column, number), sample.name, sample.audience)
        for number, sample in enumerate(samples)
        for column in COLUMNS
    ]


Session = Callable[[], aiohttp.ClientSession]
Build = Callable[[Settings, Session], Mapping[str, Adapter]]


@runtime_checkable
class Registers(Protocol):
    """An adapter that must tell its platform where presses go before cards are taken."""

    async def register_card_callback(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Hung(Made):
    """All that hangs; `phones` is what each (sample, column) shows after its change in place."""

    phones: Mapping[tuple[str, str], Sequence[Bubble]] = field(default_factory=dict)


async def hang(build: Build, *, watch: Callable[[str, Json], None] | None = None) -> Hung:
    """Deliver every sample on a stage of its own; two seconds of work.

    `build` makes the adapters by platform for the stage's settings; `watch` is told of every
    change on the stage's desk. Raises DeliveryError for a card that its platform does not take.
    """
    from bot.emulator.stage import Stage  # the vendors' SDKs load only here

    now = [START]

    def tick() -> None:
        now[0] += STEP

    async with (
        Stage(lambda: now[0], 0, residents()).open() as stage,
        aiohttp.ClientSession() as session,
    ):
        if watch is not None:
            stage.desk.changed.append(watch)
        settings = stage.settings(Settings())
        adapters = await _columns(build, settings, lambda: session)
        showing = Showing(stage.desk, adapters, tick)
        exhibits = await showing.exhibits()
        phones = {
            (exhibit.name, column): showing.bubbles(column, number)
            for number, exhibit in enumerate(exhibits)
            for column in adapters
        }
        return Hung(exhibits, dict(stage.desk.media), phones)


async def _columns(build: Build, settings: Settings, session: Session) -> dict[str, Adapter]:
    """An adapter a column, in the columns' order."""
    bare = replace(settings, dingtalk=replace(settings.dingtalk, card_template_id=""))
    full, plain = build(settings, session), build(bare, session)
    found = {name: (plain if name == "plain" else full)[platform(name)] for name in COLUMNS}
    for adapter in found.values():
        if isinstance(adapter, Registers):
            await adapter.register_card_callback()
    return found


@dataclass
class Showing:
    """Cards delivered by `adapters` (one a column) to the phones of `desk`.

    `tick` moves the emulated clock on.
    """

    desk: Desk
    adapters: Mapping[str, Adapter]
    tick: Callable[[], None]

    async def exhibits(self, samples: Iterable[Sample] = GALLERY) -> list[Exhibit]:
        """Deliver all; raises DeliveryError for a card that its platform does not take."""
        return [await self._exhibit(number, sample) for number, sample in enumerate(samples)]

    async def _exhibit(self, number: int, sample: Sample) -> Exhibit:
        columns = [await self._column(column, number, sample) for column in self.adapters]
        return Exhibit(sample.name, sample.card.title, sample.audience, columns)

    async def _column(self, column: str, number: int, sample: Sample) -> Column:
        self.tick()
        adapter, user = self.adapters[column], _phone(column, number)
        receipt = await adapter.deliver(
            Delivery(f"gallery-{column}-{number}", Address(person=user), sample.card)
        )
        came = deepcopy(self.bubbles(column, number))
        self.tick()
        replaced = await self._replaced(adapter, receipt, sample, f"again-{column}-{number}", user)
        return Column(column, COLUMNS[column], came, adapter.render(sample.card).dropped, replaced)

    async def _replaced(
        self, adapter: Adapter, receipt: Receipt, sample: Sample, key: str, user: str
    ) -> bool:
        """Whether the delivered card can be changed in place, tried out."""
        again = Delivery(key, Address(person=user), sample.card, handle=receipt.handle)
        try:
            await adapter.deliver(again)
        except CannotReplaceError:
            return False
        return True

    def bubbles(self, column: str, number: int) -> list[Bubble]:
        """What is on the phone of a sample, oldest first."""
        place = (platform(column), _phone(column, number))
        return [one for one in self.desk.bubbles.values() if (one.platform, one.user) == place]


def _phone(column: str, number: int) -> str:
    return f"{column}-{number}"
