"""What an AI bot says: inside the acknowledgement, or once within the hour by its response_url.

Source: developer.work.weixin.qq.com/document/path/101031 (passive), 101138 (response_url).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.adapter import (
    CannotReplaceError,
    Delivery,
    Inline,
    Receipt,
    TransientError,
    UndeliverableError,
)
from bot.event import Event, Json, Kind
from bot.wecom import aibot, compact, render, words
from bot.wecom.client import Client
from cards.card import Card

REPLY = "请回复"
_RESPONDED, _UNSURE = "response", "unsure"
_NOT_TASK = re.compile(r"[^0-9A-Za-z_@-]")


def passive(event: Event, inline: Inline) -> Json | None:
    """The acknowledgement's content; None is nothing."""
    toast = words.cleaned(inline.toast)
    match event.kind:
        case Kind.PRESS if inline.card is not None and event.origin.get("task_id"):
            card, _ = compact.fitted(render.render_update(inline.card))
            return {
                "response_type": "update_template_card",
                "userids": [event.origin.get("user", event.person)],
                "template_card": {**card, "task_id": event.origin["task_id"]},
            }
        case Kind.ENTER if toast:
            return {"msgtype": "text", "text": {"content": toast}}
        case Kind.MESSAGE if toast:
            content = words.cut_bytes(toast, compact.MARKDOWN_BYTES)
            stream = {"id": _task(event.key), "finish": True, "content": content}
            return {"msgtype": "stream", "stream": stream}
        case _:
            return None


def message(card: Card, *, task_id: str, single: bool) -> Json:
    """The one message a response_url takes: a card if it says all and may be sent, else words."""
    body = compact.whole(card) if single else None
    if body is not None:
        return {"msgtype": "template_card", "template_card": {**body, "task_id": task_id}}
    return {"msgtype": "markdown", "markdown": {"content": compact.markdown(card, reply=REPLY)}}


async def respond(
    client: Client, delivery: Delivery, handle: Mapping[str, str], api_base: str
) -> Receipt | None:
    """Answer by the response_url of `handle`, an AI-bot event's origin.

    None: it is used, expired or not the platform's, so the answer must go another way.
    Raises CannotReplaceError for a card already there, which only the acknowledgement of a press
    can change; TransientError as `deliver`.
    """
    if "message" in handle:
        raise CannotReplaceError("an AI bot's card changes only while it is pressed")
    url, before = handle.get("response_url", ""), delivery.done.get(_RESPONDED)
    if not aibot.allowed(url, api_base):
        return None
    task_id = _task(delivery.key)
    single = handle.get("chat_type") == "single"
    try:
        await client.respond(url, message(delivery.card, task_id=task_id, single=single))
    except TransientError as fault:
        lost = not fault.reason.startswith("errcode")  # no answer: perhaps said, perhaps not
        done = {**delivery.done, **({_RESPONDED: _UNSURE} if lost else {})}
        raise TransientError(fault.reason, after=fault.after, done=done) from fault
    except UndeliverableError:
        if before != _UNSURE:  # else the lost answer was a yes: the address serves once
            return None
    return Receipt({"message": task_id, "bot": handle["bot"]})


def _task(key: str) -> str:
    return _NOT_TASK.sub("_", key)[:128]
