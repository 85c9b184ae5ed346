"""Group robots (群机器人, 消息推送): cards posted to a group by webhook, with nothing coming back.

Source: developer.work.weixin.qq.com/document/path/91770.
"""

from __future__ import annotations

import base64
import hashlib
import re

from bot.adapter import CannotReplaceError, Delivery, Receipt, Rendered
from bot.event import Json
from bot.wecom import compact, notice, refusals, render
from bot.wecom.client import Client
from bot.wecom.sending import Load, Sending
from cards.card import Card, Input, Select, Table, is_sentence

MARKDOWN_BYTES = 4096
IMAGE_BYTES = 2 << 20
REPLY = "请到应用会话里回复"


def keys(text: str) -> dict[str, str]:
    """Webhook keys by robot name from "name=key,name2=key2".

    Tolerant of full-width marks and spaces, and of the whole webhook address in a key's place.
    """
    found = {}
    for part in re.split(r"[,，;；\n]", text):
        name, equals, key = part.replace("＝", "=", 1).partition("=")
        key = key.strip().rpartition("key=")[2].partition("&")[0]
        if equals and name.strip() and key:
            found[name.strip()] = key
    return found


async def deliver(
    client: Client, robots: dict[str, str], delivery: Delivery, load: Load | None
) -> Receipt:
    """Post a card; raises as `Adapter.deliver`. What a robot has said can not be changed."""
    key = robots.get(delivery.to.robot)
    if key is None:
        raise refusals.no_robot(delivery.to.robot)
    if delivery.handle is not None:
        raise CannotReplaceError("a robot's message cannot be changed")
    card, _ = render.shown(delivery.card, files=load is not None)
    messages = render_robot(delivery.card, files=load is not None).payload["messages"]
    assert isinstance(messages, list)
    return await _RobotSending(client, key, delivery, load).send(card, messages)


def render_robot(card: Card, *, files: bool = False) -> Rendered:
    """The messages for a group robot: a notice where all of it fits into one, else markdown."""
    card, dropped = render.shown(card, files=files)
    if is_sentence(card):
        return render.rendered(render.texts(card.title), dropped)
    messages, lost = render.media(card, files=files)
    dropped += lost
    card = render.without_files(card) if files else card
    if made := compact.links_only(card):
        return render.rendered([*messages, made], dropped)
    asked = {Select: "select→text", Input: "input→text"}
    dropped += [
        name for kind, name in asked.items() if any(isinstance(b, kind) for b in card.blocks)
    ]
    dropped += ["button→text"] if card.buttons else []
    is_v2 = any(isinstance(block, Table) for block in card.blocks)
    kind = "markdown_v2" if is_v2 else "markdown"
    parts = notice.markdown(
        card.title,
        card.tone,
        card.blocks,
        card.buttons,
        reply=REPLY,
        most=MARKDOWN_BYTES,
        plain=is_v2,
    )
    return render.rendered([*messages, *(render.message(kind, content=p) for p in parts)], dropped)


class _RobotSending(Sending):
    """Messages by one robot's webhook; they get no id."""

    def __init__(self, client: Client, key: str, delivery: Delivery, load: Load | None) -> None:
        super().__init__(delivery, load)
        self.client = client
        self.key = key
        self.handle = {"message": delivery.key, "robot": delivery.to.robot}

    async def image(self, png: bytes) -> Json:
        if len(png) > IMAGE_BYTES:
            return render.message("text", content="〔图太大，请到网页端查看〕")
        digest = hashlib.md5(png).hexdigest()  # noqa: S324  (the platform's choice)
        return render.message("image", base64=base64.b64encode(png).decode(), md5=digest)

    async def upload_file(self, content: bytes, name: str) -> str:
        return await self.client.robot_upload(self.key, content, name)

    async def post(self, message: Json) -> str:
        await self.client.robot(self.key, message)
        return ""
