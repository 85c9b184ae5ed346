"""An envelope as an event, and what a presser sees at once: by HTTP and by long connection."""

from __future__ import annotations

from bot.adapter import Inline
from bot.event import Event, Json, Kind
from bot.feishu.envelope import Envelope
from bot.feishu.inbound import read
from bot.feishu.render import drawn
from bot.feishu.text import cut
from cards.card import Tone

PLATFORM = "feishu"
TOASTS = {Tone.INFO: "info", Tone.GOOD: "success", Tone.WARN: "warning", Tone.DANGER: "error"}
MAX_TOAST = 200


def event_of(envelope: Envelope, *, app: str, tenant: str) -> Event | None:
    """The event; None for what robots say, ourselves included."""
    facts = read(envelope)
    if facts is None:
        return None
    return Event(
        platform=PLATFORM,
        app=app,
        tenant=tenant,
        key=facts.key or envelope.key,
        person=facts.person,
        chat=facts.chat,
        kind=facts.kind,
        text=facts.text,
        at=envelope.at,
        form=facts.form,
        origin=facts.origin,
    )


def seen(event: Event | None, inline: Inline | None) -> Json:
    """`{}` keeps things as they are; a press may bring a toast and the card's new state."""
    body: Json = {}
    if event is None or event.kind is not Kind.PRESS or inline is None:
        return body
    if inline.toast:
        content = cut(inline.toast, MAX_TOAST)
        body["toast"] = {"type": TOASTS[inline.tone], "content": content}
    if inline.card is not None:
        page = drawn(inline.card, uploads=False, private=not event.chat)
        body["card"] = {"type": "raw", "data": page.card}
    return body
