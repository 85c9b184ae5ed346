"""What somebody typed: mentions resolved, rich text flattened, look-alike characters folded."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from dataclasses import dataclass, field

from bot.event import Json
from bot.feishu.shape import listed, record, words

MENTION = re.compile(r"@_user_\d+|@_all")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


@dataclass(frozen=True, slots=True)
class Said:
    """A message's words; `keys` fetch its files, or are the open ids it mentions."""

    text: str
    readable: bool = True
    keys: dict[str, str] = field(default_factory=dict)


def said(message: Json) -> Said:
    """Read a message's content; one that is not words becomes a label such as "[image]"."""
    kind, content = words(message, "message_type"), _content(message)
    names, people = _mentions(message)
    keys = {"mentions": ",".join(people)} if people else {}
    if kind == "text" and "text" in content:
        raw = MENTION.sub(lambda key: names.get(key[0], key[0]), words(content, "text"))
    elif kind == "post":
        raw = _post(content, names)
    else:
        return Said(f"[{kind or 'message'}]", False, {**keys, **_scalars(content)})
    return Said(tidy(raw), True, keys)


def tidy(text: str) -> str:
    """Fold full-width and look-alike forms (NFKC) and take out what cannot be seen."""
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip()


def _mentions(message: Json) -> tuple[dict[str, str], list[str]]:
    """Words for each mention key ("" for a robot), and the open ids of the people among them."""
    names: dict[str, str] = {}
    people: list[str] = []
    opening = words(_content(message), "text").lstrip()
    for mention in listed(message, "mentions"):
        key, kind = words(mention, "key"), words(mention, "mentioned_type")
        # older clients do not say what was mentioned; whom a message opens with is the robot
        robot = kind == "bot" or (not kind and bool(key) and opening.startswith(key))
        names[key] = "" if robot else words(mention, "name")
        who = words(mention, "id", "open_id")
        if who and not robot:
            people.append(who)
    return names, people


def _post(content: Json, names: dict[str, str]) -> str:
    """Title and paragraphs of rich text, with or without the locale wrapper."""
    if "content" not in content:
        content = next((record(inner) for inner in content.values()), {})
    lines = [words(content, "title")]
    for line in listed(content, "content"):
        parts = line if isinstance(line, list) else []
        lines.append("".join(_part(part, names) for part in parts))
    return "\n".join(line for line in lines if line.strip())


def _part(part: object, names: dict[str, str]) -> str:
    match words(part, "tag"):
        case "text" | "a" | "md" | "code_block":
            text = words(part, "text")
            escaped = isinstance(part, dict) and part.get("un_escape") is True
            return html.unescape(text) if escaped else text
        case "at":
            key = words(part, "user_id")
            return names.get(key, words(part, "user_name"))
        case "emotion":
            return f"[{words(part, 'emoji_type')}]"
        case "img" | "media" as kind:
            return f"[{kind}]"
    return ""


def _content(message: Json) -> Json:
    try:
        return record(json.loads(words(message, "content")))
    except (ValueError, RecursionError):
        return {}


def _scalars(content: Json) -> dict[str, str]:
    pairs = ((words(name), words(value)) for name, value in content.items())
    return {name: text for name, text in pairs if text}
