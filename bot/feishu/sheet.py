"""One attempt at drawing a card: how much may be shown, what was lost, what must be uploaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from bot.feishu.text import cut
from cards.card import Tone
from cards.drawing import Drawing

Item = TypeVar("Item")

MAX_TABLES = 3
MAX_CHARTS = 5
MAX_DEPTH = 5  # documented container levels, the element inside included
SHORT_LETTERS = 100  # shorter than this says little, so blocks are left out instead


@dataclass(frozen=True, slots=True)
class Size:
    """How much is shown; long blocks shrink first, and only then do whole blocks go."""

    blocks: int = 60
    letters: int = 6_000
    items: int = 60
    points: int = 61

    def smaller(self) -> Size:
        """The next try; equal to this one when nothing is left to give."""
        blocks = self.blocks if self.letters > SHORT_LETTERS else max(1, self.blocks // 2)
        letters = max(SHORT_LETTERS // 4, self.letters // 2)
        return Size(blocks, letters, max(1, self.items // 2), max(8, self.points // 2))


@dataclass(slots=True)
class Sheet:
    """What the parts of one card share while they are drawn.

    `uploads` says whether pictures can be sent along; `private` that only one person sees it;
    `files` are the keys of the attachments that follow as messages; `robot` that a group robot
    posts it, whose buttons call nobody. `asked` are the ids of the blocks that the form shows.
    """

    size: Size
    tone: Tone
    uploads: bool
    private: bool
    files: frozenset[str] = frozenset()
    robot: bool = False
    asked: frozenset[int] = frozenset()
    depth: int = 0
    pictures: list[Drawing] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    tables: int = 0
    charts: int = 0

    def has_room(self, levels: int) -> bool:
        """Whether a container of so many levels still fits around an element here."""
        return self.depth + levels < MAX_DEPTH

    @contextmanager
    def inside(self, levels: int) -> Iterator[None]:
        """Draw the contents of a container of so many levels."""
        self.depth += levels
        try:
            yield
        finally:
            self.depth -= levels

    def lose(self, name: str) -> None:
        """Name a loss, once."""
        if name not in self.losses:
            self.losses.append(name)

    def cut(self, text: str, limit: int | None = None) -> str:
        """Shorten words to `limit` or to what this attempt allows."""
        shown = cut(text, min(limit or self.size.letters, self.size.letters))
        if shown != text:
            self.lose("long→cut")
        return shown

    def first(self, items: tuple[Item, ...], limit: int) -> tuple[Item, ...]:
        """The first `limit` items."""
        if len(items) > limit:
            self.lose("long→cut")
        return items[:limit]
