"""The gallery's data: every card of the product as each platform took it.

What is shown was made outside (the emulator knows neither cards nor adapters) and comes in by
`Build`, called at the first visit only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from bot.emulator.desk import Bubble, Desk, Json


@dataclass(frozen=True, slots=True)
class Column:
    """One card on one platform: its messages, what was lost, whether it changes in place."""

    name: str
    caption: str
    bubbles: Sequence[Bubble]
    dropped: Sequence[str] = ()
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One card side by side; `name` is the view's, `audience` who reads it."""

    name: str
    title: str
    audience: str
    columns: Sequence[Column]


@dataclass(frozen=True, slots=True)
class Made:
    """All exhibits, and the pictures and files they name: key → (content type, bytes)."""

    exhibits: Sequence[Exhibit]
    media: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)


Build = Callable[[], Awaitable[Made]]


class Gallery:
    """Built at the first visit, by one visitor for all; a failed build is tried again."""

    def __init__(self, desk: Desk, build: Build) -> None:
        self._desk = desk
        self._build = build
        self._lock = asyncio.Lock()
        self._shown: Json | None = None

    async def shown(self) -> Json:
        """What the page draws; its media can be fetched from the desk."""
        async with self._lock:
            if self._shown is None:
                made = await self._build()
                self._desk.media.update(made.media)
                self._shown = {"exhibits": [asdict(exhibit) for exhibit in made.exhibits]}
            return self._shown
