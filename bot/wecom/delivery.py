"""One card to one person: its messages in order, or the change of a card already there."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping

from bot.adapter import (
    CannotReplaceError,
    Delivery,
    Receipt,
    TransientError,
    UndeliverableError,
)
from bot.event import Json
from bot.wecom import refusals, render
from bot.wecom.client import Client
from bot.wecom.sending import SENT, Load, Sending

_NOT_TASK = re.compile(r"[^0-9A-Za-z_@-]")
_UNSURE = "unsure"


async def deliver(
    client: Client, agent_id: int, delivery: Delivery, load: Load | None = None
) -> Receipt:
    """Send a new message, or change the copy that `delivery.handle` names.

    Raises TransientError, UndeliverableError or CannotReplaceError.
    """
    person, chat = delivery.to.person, delivery.to.chat
    if not chat and (not person or "|" in person or person.startswith("@")):
        raise refusals.bad_address()  # "a|b" and "@all" would reach more people than one
    if delivery.handle is not None:
        return await _replace(client, agent_id, delivery, delivery.handle)
    return await _AppSending(client, agent_id, delivery, load).run()


async def recall(client: Client, handle: Mapping[str, str]) -> None:
    """Take back every message of a delivery; WeCom can within 24 hours, in its own clients."""
    ids = [one for one in handle.get("msgids", handle.get("msgid", "")).split(",") if one]
    if not ids:
        raise refusals.no_recall("群消息和机器人消息没有编号")
    for msgid in ids:
        await client.post("message/recall", {"msgid": msgid})


class _AppSending(Sending):
    """Messages of the app to a person, or to a group that the app made."""

    def __init__(
        self, client: Client, agent_id: int, delivery: Delivery, load: Load | None
    ) -> None:
        super().__init__(delivery, load)
        self.client = client
        self.agent_id = agent_id
        self.task_id = _NOT_TASK.sub("_", delivery.key)[:128]
        self.handle = {"message": self.task_id}

    async def run(self) -> Receipt:
        files = self.load is not None
        draw = render.render_group if self.delivery.to.chat else render.render
        messages = draw(self.delivery.card, files=files).payload["messages"]
        assert isinstance(messages, list)
        await self.send(render.shown(self.delivery.card, files=files)[0], messages)
        ids = [self.done[name] for name in sorted(self.done) if name.startswith("part")]
        ids = [one for one in ids if one != SENT]
        return Receipt(self.handle | ({"msgids": ",".join(ids)} if len(ids) > 1 else {}))

    async def image(self, png: bytes) -> Json:
        return render.message("image", media_id=await self.client.upload(png, "picture.png"))

    async def upload_file(self, content: bytes, name: str) -> str:
        return await self.client.upload(content, name, "file")

    async def post(self, message: Json) -> str:
        if message["msgtype"] == "template_card":
            body = {**message["template_card"], "task_id": self.task_id}
            message = {"msgtype": "template_card", "template_card": body}
        answer = await self._send(message)
        for key in ("msgid", "response_code"):
            if answer.get(key):
                self.handle[key] = str(answer[key])
        return str(answer.get("msgid") or "")

    async def _send(self, message: Json) -> Json:
        if self.delivery.to.chat:
            body = {"chatid": self.delivery.to.chat, **message, "safe": 0}
            return await self.client.post("appchat/send", body)
        answer = await self.client.post(
            "message/send",
            {
                "touser": self.delivery.to.person,
                "agentid": self.agent_id,
                **message,
                "enable_duplicate_check": 1,
                "duplicate_check_interval": _interval(self.delivery.key, message["msgtype"]),
            },
        )
        if fault := refusals.unreached(answer):
            raise fault
        return answer


def _interval(key: str, msgtype: str) -> int:
    """Seconds for which WeCom drops an identical request.

    Two answers with the same words are two messages, so their requests must differ, while every
    try of one delivery must be the same: an interval of 10 to 30 minutes, by the key, sees to
    both. A card differs by its task_id and takes the longest interval there is.
    """
    return 14_400 if msgtype == "template_card" else 600 + zlib.crc32(key.encode()) % 1200


async def _replace(
    client: Client, agent_id: int, delivery: Delivery, handle: Mapping[str, str]
) -> Receipt:
    """Change one person's copy with its response_code, which serves once."""
    code = handle.get("response_code", "")
    if not code:
        raise CannotReplaceError("no unused response_code")
    task_id = handle.get("message") or _NOT_TASK.sub("_", delivery.key)
    body = {
        "userids": [delivery.to.person],
        "agentid": agent_id,
        "response_code": code,
        "template_card": {**render.render_update(delivery.card), "task_id": task_id},
    }
    kept = {key: value for key, value in handle.items() if key in ("message", "msgid")}
    unsure = delivery.done.get("update") == _UNSURE
    try:
        answer = await client.post("message/update_template_card", body)
    except TransientError as fault:
        lost = not fault.reason.startswith("errcode")  # no answer: perhaps done, perhaps not
        done = {**delivery.done, **({"update": _UNSURE} if lost else {})}
        raise TransientError(fault.reason, after=fault.after, done=done) from fault
    except UndeliverableError as fault:
        if refusals.about_setup(fault):
            raise
        if unsure:  # the lost answer was a yes: the code is used up
            return Receipt(kept)
        raise CannotReplaceError(f"errcode {fault.code}") from fault
    if answer.get("invaliduser"):
        raise CannotReplaceError("invaliduser")
    if answer.get("response_code"):
        kept["response_code"] = str(answer["response_code"])
    return Receipt(kept)
