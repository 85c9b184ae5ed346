"""Feishu behind the seam: events and presses in, cards out."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp

from bot.adapter import Delivery, Inline, Receipt, Rendered, WireAnswer
from bot.event import Event, Incoming, Json, Kind
from bot.feishu.client import Client
from bot.feishu.courier import Courier
from bot.feishu.envelope import admit, answered
from bot.feishu.inbound import read
from bot.feishu.render import drawn, rendered
from bot.feishu.text import cut
from cards.card import Card, Tone
from config.settings import Feishu

TOASTS = {Tone.INFO: "info", Tone.GOOD: "success", Tone.WARN: "warning", Tone.DANGER: "error"}
MAX_TOAST = 200


class FeishuAdapter:
    """One Feishu app; `app` is its name in our URLs, `tenant` whose desk it serves."""

    name = "feishu"
    press_seconds = 2.2  # the platform gives 3 s, network included

    def __init__(
        self,
        settings: Feishu,
        *,
        app: str,
        tenant: str,
        session: Callable[[], aiohttp.ClientSession],
    ) -> None:
        self.app = app
        self._settings = settings
        self._tenant = tenant
        self._client = Client(settings, session)

    def decode(self, incoming: Incoming) -> Event | WireAnswer | None:
        """Authenticate and read an event or a press; robots' own messages mean nothing."""
        envelope = admit(self._settings, incoming)
        if isinstance(envelope, WireAnswer):
            return envelope
        facts = read(envelope)
        if facts is None:
            return None
        return Event(
            platform=self.name,
            app=self.app,
            tenant=self._tenant,
            key=facts.key or envelope.key,
            person=facts.person,
            chat=facts.chat,
            kind=facts.kind,
            text=facts.text,
            at=envelope.at,
            form=facts.form,
            origin=facts.origin,
        )

    def answer(
        self,
        incoming: Incoming,  # noqa: ARG002 - the seam's; Feishu answers all callbacks alike
        event: Event | None,
        inline: Inline | None,
    ) -> WireAnswer:
        """`{}` keeps things as they are; a press may bring a toast and the card's new state."""
        body: Json = {}
        if event is not None and event.kind is Kind.PRESS and inline is not None:
            if inline.toast:
                content = cut(inline.toast, MAX_TOAST)
                body["toast"] = {"type": TOASTS[inline.tone], "content": content}
            if inline.card is not None:
                page = drawn(inline.card, uploads=False, private=not event.chat)
                body["card"] = {"type": "raw", "data": page.card}
        return answered(body)

    def render(self, card: Card) -> Rendered:
        """Card JSON 2.0, or a text message for a mere sentence."""
        return rendered(card)

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Send by the message API, or change in place by message id."""
        return await Courier(self._client, delivery).deliver()
