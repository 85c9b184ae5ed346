"""A card's blocks as DingTalk can show them: one under the other, none inside another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cards.card import (
    Attachment,
    Bar,
    Block,
    Card,
    Columns,
    Fold,
    PersonPick,
    Picture,
    Select,
    Table,
)
from cards.drawing import Bars, Curve

SENDABLE = frozenset(("xlsx", "pdf", "zip", "rar", "doc", "docx"))
"""What a robot's file message takes."""
IMAGES = frozenset(("jpg", "jpeg", "png", "gif", "bmp"))


def unfolded(card: Card) -> Card:
    """The card with its folds and columns opened; of a fold its title stays, an empty fold."""
    return replace(card, blocks=tuple(_opened(card.blocks)))


def _opened(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        match block:
            case Fold(title, inner):
                yield Fold(title, ())
                yield from _opened(inner)
            case Columns(columns):
                for column in columns:
                    yield from _opened(column)
            case _:
                yield block


def losses(blocks: Iterable[Block], *, sends: bool) -> list[str]:
    """What is shown by its nearest thing; `sends` is whether files can go along."""
    return list(dict.fromkeys(_losses(blocks, sends)))


def _losses(blocks: Iterable[Block], sends: bool) -> Iterator[str]:
    for block in blocks:
        match block:
            case Bar():
                yield "bar→text"
            case Table():
                yield "table→lines"
            case Picture(_, Curve() | Bars()):
                yield "chart→picture"
            case PersonPick(_, _, ()):
                yield "person→text"
            case Select(_, _, ()):
                yield "choice→text"
            case Fold(_, inner):
                yield "fold→section"
                yield from _losses(inner, sends)
            case Columns(columns):
                yield "columns→section"
                yield from _losses((inner for column in columns for inner in column), sends)
            case Attachment() if not (sends and is_sendable(block)):
                yield "file→text"
            case _:
                pass


def is_sendable(file: Attachment) -> bool:
    """Whether the file can be sent beside the card, by its extension."""
    return extension(file) in SENDABLE | IMAGES


def extension(file: Attachment) -> str:
    return file.name.rpartition(".")[2].lower()
