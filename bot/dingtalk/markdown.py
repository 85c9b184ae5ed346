"""A card's blocks in DingTalk's markdown: no tables, odd line feeds, links that act."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from cards.card import (
    AI_LABEL,
    AiText,
    Attachment,
    Bar,
    Block,
    Columns,
    DatePick,
    Fields,
    Fold,
    Input,
    Note,
    PersonPick,
    Picture,
    Select,
    Table,
    Text,
    Timeline,
    Tone,
)

BREAK = "  \n  "  # the documented line feed: two blanks on both sides
BETWEEN = "\n\n"
LEAST = 40  # bytes of a block worth showing before the "…"

SIGNS = {Tone.INFO: "", Tone.GOOD: "🟢 ", Tone.WARN: "🟠 ", Tone.DANGER: "🔴 "}

# A name like "[点我](dtmd://…)" would be a button that we never made: people's words get no markup.
# Newer clients make a table of "| a | b |".
_WIDE = str.maketrans("[]<*`|", "［］＜＊｀｜")
_STARTS = re.compile(r"^(?:#+|[-+=]+)(?=\s|$)|^>+")
_STARTS_WIDE = str.maketrans("#-+=>", "＃－＋＝＞")
_ACTING = re.compile(r"\b(dtmd|dingtalk):", re.IGNORECASE)
_PICTURE = re.compile(r"!\[([^\]]*)\]\(@picture-(\d+)\)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A block as words: only `text` may be cut when room is short."""

    text: str = ""
    head: str = ""
    tail: str = ""


def size(text: str) -> int:
    """Bytes of `text` inside a JSON string."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")) - 2


def cut(text: str, room: int) -> str:
    """`text` within `room` bytes, the end as "…" when it was longer."""
    if size(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= room - 3 else (low, middle - 1)
    return text[:low].rstrip() + "…"


def safe(text: str) -> str:
    """What somebody wrote, line by line, with nothing in it that markdown would act on."""
    return BREAK.join(_line(line.strip()) for line in text.strip().splitlines())


def _line(line: str) -> str:
    start = _STARTS.match(line)
    if start:
        line = start.group().translate(_STARTS_WIDE) + line[start.end() :]
    return _ACTING.sub(r"\1：", line.translate(_WIDE))


def bold(words: str) -> str:
    """Four stars around nothing would be shown as stars."""
    return f"**{words}**" if words.strip() else ""


def named(label: str, shown: str) -> str:
    """A value behind its label, or alone; `shown` is safe already."""
    return f"{bold(safe(label))}：{shown}" if label.strip() else shown


def link(label: str, url: str) -> str:
    return f"[{safe(label)}]({quote(url, safe=':/?#@!$&*+,;=%~')})"


def speaking_link(label: str, command: str) -> str:
    """A link that makes the tapping person's own client send `command` to the chat."""
    target = f"dtmd://dingtalkclient/sendMessage?content={quote(command, safe='')}"
    return f"[{safe(label)}]({target})"


def picture_mark(alt: str, number: int) -> str:
    """Stands for picture `number` of the card until it is uploaded."""
    return f"![{safe(alt)}](@picture-{number})"


def pictured(text: str, media: dict[int, str]) -> str:
    """Put the mediaIds in; a picture without one becomes its words."""

    def put(found: re.Match[str]) -> str:
        alt, media_id = found[1], media.get(int(found[2]))
        return f"![{alt}]({media_id})" if media_id else f"〔图：{alt}〕"

    return _PICTURE.sub(put, text)


def body(blocks: Iterable[Block], room: int, first_picture: int = 0) -> str:
    """The blocks one under the other within `room` bytes; pictures are numbered from the given."""
    parts: list[str] = []
    number = first_picture
    for block in blocks:
        piece = _picture(block, number) if isinstance(block, Picture) else _piece(block)
        number += isinstance(block, Picture)
        left = room - size(BETWEEN.join([*parts, piece.head + piece.tail])) - 4
        if left < min(LEAST, size(piece.text)):
            parts.append("…")
            break
        whole = piece.head + cut(piece.text, left) + piece.tail
        parts += [whole] if whole else []
    return BETWEEN.join(parts)


def _picture(block: Picture, number: int) -> Piece:
    return Piece(head=picture_mark(block.alt, number))


def _piece(block: Block) -> Piece:
    match block:
        case Text(text):
            return Piece(safe(text))
        case Note(text):
            return Piece(safe(text), head="> ")
        case Fields(pairs):
            return Piece(BREAK.join(named(name, safe(value)) for name, value in pairs))
        case Bar(label, share, words):
            return Piece(named(label, f"{_bar(share)} {safe(words) or f'{share:.0%}'}"))
        case Timeline(items):
            return Piece("\n".join(f"- {safe(when)} {safe(what)}" for when, what in items))
        case Table(columns, rows):
            head = bold(" | ".join(safe(name) for name in columns))
            lines = (" | ".join(safe(cell) for cell in row) for row in rows)
            return Piece(BREAK.join(part for part in (head, *lines) if part))
        case AiText(title, text):
            head = bold(safe(title)) + BREAK if title.strip() else ""
            return Piece(safe(text), head, f"{BETWEEN}> {AI_LABEL}")
        case Attachment(name):
            return Piece(f"〔文件：{safe(name)}〕")
        case Fold(title):
            return Piece(bold(safe(title)))  # what was in it follows
        case Columns():
            return Piece()  # opened before
        case Picture() | Select() | Input() | PersonPick() | DatePick():
            return Piece()  # numbered by `body`; asked for by a form or a question


def _bar(share: float) -> str:
    full = round(min(max(share, 0.0), 1.0) * 10)
    return "█" * full + "░" * (10 - full)
