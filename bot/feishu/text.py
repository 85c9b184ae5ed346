"""Other people's words inside our cards: cut to size, and unable to be markup or a mention."""

from __future__ import annotations

import re

ELLIPSIS = "…"
MARKUP = re.compile(r"[*_~\[\]()#<>&|`\\$]|:(?=[A-Za-z_])|^[-+=]|(?<=\d)\.(?=\s|$)")
TAG = re.compile(r"<(?=[A-Za-z/!])")


def escaped(text: str) -> str:
    """Words for markdown: every character that could be markup becomes an entity, on one line."""
    flat = " ".join(text.split())
    return MARKUP.sub(lambda found: f"&#{ord(found[0])};", flat)


def harmless(text: str) -> str:
    """Words for a text message, where `<at …>` would ping and entities are not read."""
    return TAG.sub("＜", text)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last one "…" if something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + ELLIPSIS


def plain(text: str) -> dict[str, str]:
    """A text object that reads no markup."""
    return {"tag": "plain_text", "content": text}
