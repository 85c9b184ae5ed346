"""One card to one person: its messages in order, or the change of a card already there."""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Mapping, Sequence

from bot import pictures
from bot.adapter import (
    CannotReplaceError,
    Delivery,
    Receipt,
    TransientError,
    UndeliverableError,
)
from bot.event import Json
from bot.wecom import refusals, render, words
from bot.wecom.client import Client
from cards.card import Picture

log = logging.getLogger(__name__)

_NOT_TASK = re.compile(r"[^0-9A-Za-z_@-]")
_SENT, _UNSURE = "sent", "unsure"


async def deliver(client: Client, agent_id: int, delivery: Delivery) -> Receipt:
    """Send a new message, or change the copy that `delivery.handle` names.

    Raises TransientError, UndeliverableError or CannotReplaceError.
    """
    person, chat = delivery.to.person, delivery.to.chat
    if not chat and (not person or "|" in person or person.startswith("@")):
        raise refusals.bad_address()  # "a|b" and "@all" would reach more people than one
    if delivery.handle is not None:
        return await _replace(client, agent_id, delivery, delivery.handle)
    return await _Sending(client, agent_id, delivery).run()


class _Sending:
    """The messages of one delivery; `done` remembers each step for the next try."""

    def __init__(self, client: Client, agent_id: int, delivery: Delivery) -> None:
        self.client = client
        self.agent_id = agent_id
        self.delivery = delivery
        self.task_id = _NOT_TASK.sub("_", delivery.key)[:128]
        self.done = dict(delivery.done)
        self.handle = {"message": self.task_id}

    async def run(self) -> Receipt:
        card = words.cleaned(self.delivery.card)
        draw = render.render_group if self.delivery.to.chat else render.render
        rendered = draw(card)
        messages = rendered.payload["messages"]
        assert isinstance(messages, list)
        drawings = [block for block in card.blocks if isinstance(block, Picture)]
        try:
            for number, message in enumerate(messages):
                await self._part(f"part{number}", message, drawings)
        except TransientError as fault:
            raise TransientError(fault.reason, after=fault.after, done=self.done) from fault
        return Receipt(self.handle)

    async def _part(self, name: str, message: Json, drawings: Sequence[Picture]) -> None:
        if name in self.done:
            return
        media = ""
        if message["msgtype"] == "image":
            number = message["image"]["media_id"].removeprefix(render.PICTURE)
            media = f"media{number}"
            message = await self._with_media(media, drawings[int(number)])
        elif message["msgtype"] == "template_card":
            body = {**message["template_card"], "task_id": self.task_id}
            message = {"msgtype": "template_card", "template_card": body}
        try:
            answer = await self._send(message)
        except UndeliverableError as fault:
            if media and fault.code == str(refusals.MEDIA_GONE) and self.done.pop(media, ""):
                raise TransientError("media id expired") from fault  # uploaded days ago
            raise
        self.done[name] = str(answer.get("msgid") or _SENT)
        for key in ("msgid", "response_code"):
            if answer.get(key):
                self.handle[key] = str(answer[key])

    async def _with_media(self, name: str, picture: Picture) -> Json:
        """The image message; the picture's words instead when it cannot be drawn."""
        if name not in self.done:
            try:
                png = await pictures.png(picture.drawing)
            except Exception as fault:  # a broken chart must not hold back the decision below it
                log.warning("picture not drawn", extra={"fault": type(fault).__name__})
                return {"msgtype": "text", "text": {"content": f"〔图：{picture.alt}〕"}}
            self.done[name] = await self.client.upload(png)
        return {"msgtype": "image", "image": {"media_id": self.done[name]}}

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
