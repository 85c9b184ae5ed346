"""Blocks that WeCom has no form for, said with those it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby

from bot.wecom import notice, template
from cards.card import (
    Bar,
    Block,
    Card,
    Columns,
    DatePick,
    Fields,
    Fold,
    PersonPick,
    Select,
    Table,
    Text,
)

_DAYS = "一二三四五六日"


def lowered(card: Card) -> tuple[Card, list[str]]:
    """The card without folds, columns and pickers, and the names of these losses.

    A picker becomes a list where ten options do; otherwise the handler asks in the chat.
    """
    dropped: list[str] = []
    blocks = tuple(_flat(card.blocks, dropped))
    return (replace(card, blocks=blocks), dropped) if dropped else (card, dropped)


def _flat(blocks: Iterable[Block], dropped: list[str]) -> Iterator[Block]:
    for block in blocks:
        match block:
            case Fold(title, inner):
                dropped.append("fold→text")
                head = [Text(f"【{title}】")] if title.strip() else []
                yield from _together([*head, *_flat(inner, dropped)])
            case Columns(columns):
                dropped.append("columns→text")
                for column in columns:
                    yield from _together(list(_flat(column, dropped)))
            case PersonPick(name, label, people):
                if 0 < len(people) <= template.OPTIONS:
                    dropped.append("people→select")
                    yield Select(name, label, people)
                else:
                    dropped.append("people→question")
            case DatePick():
                yield from _days(block, dropped)
            case Bar() | Table():  # squares, and lines: `notice` draws them
                dropped.append("bar→text" if isinstance(block, Bar) else "table→text")
                yield block
            case _:
                yield block


def _together(part: list[Block]) -> Iterator[Block]:
    """A heading with its pairs and bars: a template card would set them apart."""
    if not any(isinstance(block, Text) for block in part):
        yield from part
        return
    for is_worded, blocks in groupby(part, lambda block: isinstance(block, Text | Fields | Bar)):
        if is_worded:
            yield Text("\n".join(row for block in blocks for row in notice.lines(block)))
        else:
            yield from blocks


def _days(pick: DatePick, dropped: list[str]) -> Iterator[Block]:
    """Ten days from the one proposed; without a proposal there is no day to begin with."""
    try:
        first = date.fromisoformat(pick.value)
        days = [first + timedelta(days=number) for number in range(template.OPTIONS)]
    except (ValueError, OverflowError):
        dropped.append("date→question")
        return
    dropped.append("date→select")
    options = ((f"{day}", f"{day:%m-%d} 周{_DAYS[day.weekday()]}") for day in days)
    yield Select(pick.name, pick.label, tuple(options), chosen=f"{first}")
