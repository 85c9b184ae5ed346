"""The gallery: each sample card, sent by each adapter to an emulated phone, and what it became."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from bot.adapter import Adapter, Address, CannotReplaceError, Delivery, Receipt
from bot.emulator.desk import Bubble, Desk, Resident
from bot.emulator.gallery import Column, Exhibit
from cards.gallery import FILES, GALLERY, Sample

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


@dataclass
class Showing:
    """Cards delivered by `adapters` (one a column) to the phones of `desk`.

    `tick` moves the emulated clock: so many messages at once would break the platforms' limits.
    """

    desk: Desk
    adapters: Mapping[str, Adapter]
    tick: Callable[[], None] = lambda: None

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
