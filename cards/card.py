"""The neutral card: what a person is told and may do, before any platform draws it."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any, get_args, get_origin, get_type_hints

from cards.drawing import Bars, Cell, Curve, Drawing, Grid, Level, Line, Mark

AI_LABEL = "由系统辅助生成 · AI 生成，请核对后使用"


class Tone(StrEnum):
    """What a card means, not which colour it has."""

    INFO = "info"
    GOOD = "good"
    WARN = "warn"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph of plain text; line feeds count, markup does not."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """Small grey words: why this card came, how to stop it, which version made it."""

    text: str


@dataclass(frozen=True, slots=True)
class Fields:
    """Pairs of label and value, most important first."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A share in [0, 1] with its label, and the words beside it ("62 分")."""

    label: str
    share: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened, newest first: (when, what)."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A small table; every row has as many cells as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class AiText:
    """Words written by a machine for a person to check; every renderer shows AI_LABEL with them."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing; platforms with native charts may draw a Curve themselves."""

    alt: str
    drawing: Drawing


@dataclass(frozen=True, slots=True)
class Select:
    """Choose one of `options`, (value, label) pairs; `chosen` is the value shown first.

    Where a platform has no lists people type, so a handler takes a label as well as a value.
    """

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """Type some words."""

    name: str
    label: str
    hint: str = ""
    value: str = ""
    multiline: bool = False


@dataclass(frozen=True, slots=True)
class PersonPick:
    """Choose a colleague: (user id on the platform it is shown on, name) pairs, or everyone."""

    name: str
    label: str
    people: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DatePick:
    """Choose a day; `value` is the one shown first, as 2026-03-02. The form brings the same."""

    name: str
    label: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to open: its name with extension, and the key under which its bytes are kept."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Fold:
    """Blocks that are shown when somebody wants to see them."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Two or three columns of blocks side by side, one below the other where it is narrow."""

    columns: tuple[tuple[Block, ...], ...]


Block = (
    Text
    | Note
    | Fields
    | Bar
    | Timeline
    | Table
    | AiText
    | Picture
    | Select
    | Input
    | PersonPick
    | DatePick
    | Attachment
    | Fold
    | Columns
)


@dataclass(frozen=True, slots=True)
class Button:
    """Press to say `command`; `submit` sends the values of the card's inputs along.

    The command of a button that must not act late carries the version it saw ("接手 17 v3").
    A button with `url` opens a page instead and has no command.
    """

    label: str
    command: str = ""
    primary: bool = False
    danger: bool = False
    submit: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One thing to know or decide.

    `ref` is the card's identity ("fuse:17"): a newer card with the same ref replaces the older
    one in place for everyone who has it. "" = never replaced.
    """

    title: str
    blocks: tuple[Block, ...] = ()
    tone: Tone = Tone.INFO
    buttons: tuple[Button, ...] = ()
    ref: str = ""

    def plain(self) -> str:
        """The whole card as text: fallback, log-free preview, screen reader, test."""
        lines = [self.title, *(_plain(block) for block in self.blocks)]
        lines += [f"[{button.label}] {button.command or button.url}" for button in self.buttons]
        return "\n".join(line for line in lines if line)


def note(text: str) -> Card:
    """A plain sentence as a card: title only, no buttons; renderers send it as a text message."""
    return Card(text)


def is_sentence(card: Card) -> bool:
    """Whether the card is only words, so that a platform should send it as plain text."""
    return not card.blocks and not card.buttons and not card.ref


def _plain(block: Block) -> str:
    match block:
        case Text(text) | Note(text):
            return text
        case Fields(pairs):
            return "\n".join(f"{label}：{value}" for label, value in pairs)
        case Bar(label, share, words):
            return f"{label}：{words or f'{share:.0%}'}"
        case Timeline(items):
            return "\n".join(f"{when} {what}" for when, what in items)
        case Table(columns, rows):
            return "\n".join(" | ".join(row) for row in (columns, *rows))
        case AiText(title, text):
            return f"{title}\n{text}\n（{AI_LABEL}）"
        case Picture(alt):
            return f"〔图：{alt}〕"
        case Select(_, label, options):
            return f"{label}：" + "、".join(name for _, name in options)
        case Input(_, label, hint):
            return f"{label}：{hint}"
        case PersonPick(_, label, people):
            return f"{label}：" + "、".join(name for _, name in people)
        case DatePick(_, label, value):
            return f"{label}：{value}"
        case Attachment(name):
            return f"〔文件：{name}〕"
        case Fold(title, blocks):
            return "\n".join([title, *(_plain(inner) for inner in blocks)])
        case Columns(columns):
            return "\n".join(_plain(inner) for column in columns for inner in column)


_TYPES: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(Text, Note, Fields, Bar, Timeline, Table, AiText, Picture, Select, Input, Button, Card),
        *(PersonPick, DatePick, Attachment, Fold, Columns),
        *(Curve, Line, Level, Mark, Grid, Cell, Bars),
    )
}


def to_json(value: Any) -> Any:
    """A card (or any part of one) as plain JSON; `from_json` reads it back equal."""
    if is_dataclass(value) and not isinstance(value, type):
        body = {item.name: to_json(getattr(value, item.name)) for item in fields(value)}
        return {"is": type(value).__name__, **body}
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    return value.value if isinstance(value, StrEnum) else value


def from_json(data: Any) -> Any:
    """Read what `to_json` wrote."""
    kind = _TYPES[data["is"]]
    hints = get_type_hints(kind)
    return kind(**{name: _read(value, hints[name]) for name, value in data.items() if name != "is"})


def _read(value: Any, hint: Any) -> Any:
    if isinstance(value, dict):
        return from_json(value)
    if isinstance(value, list):
        inner = get_args(hint)
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_read(item, inner[0]) for item in value)
        return tuple(_read(item, part) for item, part in zip(value, inner, strict=True))
    if get_origin(hint) in (typing.Union, types.UnionType):
        return value
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    return value
