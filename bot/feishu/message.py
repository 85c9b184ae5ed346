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
LABELS = {
    "text": "[文字]",
    "image": "[图片]",
    "file": "[文件]",
    "folder": "[文件夹]",
    "audio": "[语音]",
    "media": "[视频]",
    "sticker": "[表情]",
    "interactive": "[卡片]",
    "share_chat": "[群名片]",
    "share_user": "[个人名片]",
    "location": "[位置]",
    "merge_forward": "[聊天记录]",
    "system": "[系统消息]",
    "todo": "[任务]",
    "vote": "[投票]",
    "hongbao": "[红包]",
    "video_chat": "[视频会议]",
    "calendar": "[日程]",
    "general_calendar": "[日程]",
    "share_calendar_event": "[日程]",
}
NAMED_BY = ("file_name", "name", "title")
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Said:
    """A message's words; `keys` fetch its files, or are the open ids it mentions."""

    text: str
    readable: bool = True
    keys: dict[str, str] = field(default_factory=dict)


def said(message: Json) -> Said:
    """Read a message's content; one that is not words becomes a label such as "[图片]".

    `keys` then hold what the content names: image_key, file_key, file_name, duration (ms) …, and
    "content", the kind of message, which tells how to fetch the file.
    """
    kind, content = words(message, "message_type"), _content(message)
    names, people = _mentions(message)
    keys = {"mentions": ",".join(people)} if people else {}
    if kind == "text" and "text" in content:
        raw = MENTION.sub(lambda key: names.get(key[0], key[0]), words(content, "text"))
    elif kind == "post":
        raw = _post(content, names)
        keys |= _enclosed(content)
    else:
        return Said(_label(kind, content), False, {**keys, **_scalars(content), "content": kind})
    return Said(tidy(raw), True, keys)


def _label(kind: str, content: Json) -> str:
    """What stands for a message that is no words: its kind, and its name if it has one."""
    name = next((tidy(words(content, key)) for key in NAMED_BY if words(content, key)), "")
    return f"{LABELS.get(kind, '[消息]')} {name[:MAX_NAME]}".strip()


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
    """Title and paragraphs of rich text."""
    content = _unwrapped(content)
    lines = [words(content, "title")]
    for line in listed(content, "content"):
        parts = line if isinstance(line, list) else []
        lines.append("".join(_part(part, names) for part in parts))
    return "\n".join(line for line in lines if line.strip())


def _unwrapped(content: Json) -> Json:
    """Rich text with or without the locale wrapper that some clients still send."""
    if "content" in content:
        return content
    return next((record(inner) for inner in content.values()), {})


def _enclosed(content: Json) -> dict[str, str]:
    """Keys of the pictures and videos between the words of rich text, joined with ","."""
    lines = listed(_unwrapped(content), "content")
    parts = [part for line in lines if isinstance(line, list) for part in line]
    found: dict[str, str] = {}
    for tag, name in (("img", "image_key"), ("media", "file_key")):
        keys = [words(part, name) for part in parts if words(part, "tag") == tag]
        if any(keys):
            found[name] = ",".join(filter(None, keys))
    return found


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
        case "img":
            return LABELS["image"]
        case "media":
            return LABELS["media"]
    return ""


def _content(message: Json) -> Json:
    try:
        return record(json.loads(words(message, "content")))
    except (ValueError, RecursionError):
        return {}


def _scalars(content: Json) -> dict[str, str]:
    pairs = ((words(name), words(value)) for name, value in content.items())
    return {name: text for name, text in pairs if text}
