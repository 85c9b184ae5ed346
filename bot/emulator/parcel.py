"""What a person sends in the demo besides words: a ready-made picture, file or voice message."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from bot.emulator import dingtalk_messages
from bot.emulator.desk import Side
from bot.emulator.dingtalk import DingTalkSide
from bot.emulator.feishu import FeishuSide
from bot.emulator.wecom import WeComSide

KINDS = ("image", "file", "voice")
NAME = "客户需求清单.txt"
FILE = "1. 三家门店统一管理\n2. 预算 80 万元\n3. 希望下月上线\n".encode()
VOICE, SECONDS = b"#!AMR\n" + bytes(320), 2.0  # silence: the platform says what it heard
HEARD = "帮助"


async def send(side: Side, user: str, kind: str) -> None:
    """The person sends one of KINDS; LookupError for a side or kind that cannot."""
    match side, kind:
        case WeComSide(), ("image" | "file" | "voice"):
            name, data = {"image": ("photo.png", picture()), "file": (NAME, FILE)}.get(
                kind, ("voice.amr", VOICE)
            )
            await side.send_file(user, kind, name, data)
        case FeishuSide(), "image":
            await side.send_image(user, picture())
        case FeishuSide(), "file":
            await side.send_file(user, NAME, FILE)
        case FeishuSide(), "voice":
            await side.send_audio(user, VOICE, seconds=SECONDS, words=HEARD)
        case DingTalkSide(), "image":
            await side.send(user, dingtalk_messages.picture(side.files, picture()))
        case DingTalkSide(), "file":
            await side.send(user, dingtalk_messages.file(side.files, FILE, name=NAME))
        case DingTalkSide(), "voice":
            length = round(SECONDS * 1000)
            said = dingtalk_messages.audio(
                side.files, VOICE, milliseconds=length, recognition=HEARD
            )
            await side.send(user, said)
        case _:
            raise LookupError(kind)


def picture() -> bytes:
    """A small PNG: a whiteboard with a rising curve."""
    image = Image.new("RGB", (320, 200), "#dfe6f2")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, 300, 180), fill="#ffffff", outline="#9aa7bf", width=3)
    draw.line([(40, 150), (110, 120), (170, 130), (280, 60)], fill="#3366ff", width=5)
    for row in (45, 60, 75):
        draw.line([(40, row), (150, row)], fill="#c3ccdc", width=4)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
