"""Text within WeCom's limits: cleaned, cut, split, and kept from being read as markup."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from cards.drawing import Bars, Curve, Grid

MESSAGE_BYTES = 2048
MOST_MESSAGES = 6  # one card may say this much before the rest is cut: 30 a minute reach a person
_UNSENDABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE = re.compile(r"\\(?=u[0-9a-fA-F]{4})")  # the API refuses these six characters in a row
_LINK = re.compile(r"<(?=\s*/?a\b)", re.I)
_MARKDOWN = re.compile(r"<(?=/?font|@)|(?<=\])\((?=[^)]*\))|`|\*\*|^\s*[#>]+", re.I)
_WIDE = str.maketrans({"<": "＜", "(": "（", "`": "｀", "*": "＊", "#": "＃", ">": "＞"})

T = TypeVar("T")


def cleaned(value: T) -> T:
    """The same card (or block, or text) without characters that the platform refuses."""
    return _cleaned(value)  # type: ignore[no-any-return]


def _cleaned(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_cleaned(item) for item in value)
    if isinstance(value, Curve | Grid | Bars | StrEnum):
        return value
    if isinstance(value, str):
        text = _UNSENDABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
        return _ESCAPE.sub("＼", text)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {item.name: _cleaned(getattr(value, item.name)) for item in fields(value)}
        return replace(value, **parts)
    return value


def size(text: str) -> int:
    return len(text.encode())


def line(text: str) -> str:
    return " ".join(text.split())


def cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[: chars - 1].rstrip() + "…"


def cut_bytes(text: str, most: int) -> str:
    if size(text) <= most:
        return text
    return text.encode()[: most - 3].decode(errors="ignore") + "…"


def plain(text: str) -> str:
    """Words for a text message, in which `<a href>` would become a link."""
    return _LINK.sub("＜", text)


def markdown(text: str) -> str:
    """One line of words for a markdown message, in which none of them may be markup."""
    return _MARKDOWN.sub(lambda found: found[0].translate(_WIDE), text)


def messages(text: str, most: int = MESSAGE_BYTES) -> list[str]:
    """Split at line feeds into messages of at most `most` bytes; past the sixth it is cut."""
    done: list[str] = []
    open_part = ""
    for piece in (part for row in text.split("\n") for part in _short(row, most)):
        joined = f"{open_part}\n{piece}" if open_part else piece
        if size(joined) > most:
            done.append(open_part)
            joined = piece
        open_part = joined
    done.append(open_part)
    if len(done) > MOST_MESSAGES:
        done[MOST_MESSAGES - 1 :] = [cut_bytes("\n".join(done[MOST_MESSAGES - 1 :]), most)]
    return [part for part in done if part.strip()] or ["…"]


def _short(row: str, most: int) -> list[str]:
    """A row in parts of at most `most` bytes; nearly always one."""
    parts = []
    while size(row) > most:
        head = row.encode()[:most].decode(errors="ignore")
        parts.append(head)
        row = row[len(head) :]
    return [*parts, row]
