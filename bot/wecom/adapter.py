"""WeCom behind the common seam: callbacks in, passive answers, cards out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import aiohttp

from bot.adapter import Delivery, Inline, Receipt, RejectedError, Rendered, WireAnswer
from bot.event import Event, Incoming, Json, Kind
from bot.wecom import delivery as deliveries
from bot.wecom import events, markup, render, words
from bot.wecom.client import Client
from bot.wecom.crypto import Seal
from cards.card import Card, Tone
from config.settings import SettingsError, WeCom

LARGEST_BODY = 1 << 20
_UPDATABLE = "template_card_event"


class WeComAdapter:
    """One self-built app of one company."""

    name = "wecom"
    press_seconds = 4.0  # WeCom waits five

    def __init__(
        self,
        settings: WeCom,
        *,
        app: str,
        tenant: str,
        session: Callable[[], aiohttp.ClientSession],
    ) -> None:
        """Raises SettingsError when a value can not be what the console shows."""
        self.app = app
        self.tenant = tenant
        self._settings = settings
        self._agent_id = _agent_id(settings.agent_id)
        self._seal = _seal(settings)
        self._client = Client(settings, session)

    def decode(self, incoming: Incoming) -> Event | WireAnswer | None:
        """Authenticate a URL check or a callback; anything else raises RejectedError."""
        if incoming.method == "GET":
            echo = self._opened(incoming, incoming.query.get("echostr", ""))
            return WireAnswer(body=echo)
        if incoming.method != "POST":
            raise RejectedError("method", 405)
        message = self._opened(incoming, _sealed(incoming.body))
        return events.read(message, app=self.app, tenant=self.tenant, at=incoming.at)

    def answer(self, incoming: Incoming, event: Event | None, inline: Inline | None) -> WireAnswer:
        """Acknowledge; a press changes the presser's own card at once."""
        reply = _reply(event, inline) if event is not None and inline is not None else None
        if event is None or reply is None:
            return WireAnswer()
        seconds = int(incoming.at.timestamp())
        body = {
            "ToUserName": event.origin.get("user", event.person),
            "FromUserName": self._settings.corp_id,
            "CreateTime": seconds,
            **reply,
        }
        plain = markup.element("xml", body)
        return self._wrapped(plain, str(seconds), incoming.query.get("nonce", ""))

    def render(self, card: Card) -> Rendered:
        """Draw for one person; groups get the words of it (see `render.render_group`)."""
        return render.render(card)

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Send or change in place; each new card can be changed once, and once more per press."""
        return await deliveries.deliver(self._client, self._agent_id, delivery)

    def _opened(self, incoming: Incoming, sealed: str) -> bytes:
        query = incoming.query
        names = ("msg_signature", "timestamp", "nonce")
        if not sealed or not all(query.get(name) for name in names):
            raise RejectedError("parameters", 400)
        signature, timestamp, nonce = (query[name] for name in names)
        self._seal.check(signature, timestamp, nonce, sealed)
        if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
            raise RejectedError("timestamp")
        if abs(incoming.at.timestamp() - int(timestamp)) > self._settings.replay_seconds:
            raise RejectedError("timestamp")
        return self._seal.opened(sealed)

    def _wrapped(self, plain: str, timestamp: str, nonce: str) -> WireAnswer:
        sealed = self._seal.sealed(plain.encode())
        signature = self._seal.signature(timestamp, nonce, sealed)
        body = (
            f"<xml><Encrypt>{markup.cdata(sealed)}</Encrypt>"
            f"<MsgSignature>{markup.cdata(signature)}</MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce>{markup.cdata(nonce)}</Nonce></xml>"
        )
        return WireAnswer(body=body.encode(), content_type="application/xml")


def _reply(event: Event, inline: Inline) -> Mapping[str, object] | None:
    """What to say back inside the acknowledgement; None is nothing.

    WeCom has no toast. Its nearest thing puts the words where the buttons were, so a warning,
    after which the person should press again, is not shown that way.
    """
    toast = words.cleaned(inline.toast)
    if event.kind is Kind.MESSAGE and toast:
        return {"MsgType": "text", "Content": words.cut_bytes(toast, words.MESSAGE_BYTES)}
    if event.kind is not Kind.PRESS:
        return None
    if inline.card is not None:
        card = render.render_update(inline.card)
        return {"MsgType": "update_template_card", "TemplateCard": card}
    if toast and inline.tone is not Tone.WARN and event.origin.get("event") == _UPDATABLE:
        return {"MsgType": "update_button", "Button": {"ReplaceName": toast}}
    return None


def _sealed(body: bytes) -> str:
    """The encrypted part of an XML or JSON envelope."""
    if len(body) > LARGEST_BODY:
        raise RejectedError("size", 413)
    try:
        if body.lstrip()[:1] == b"{":
            data: Json = json.loads(body)
            sealed = data.get("encrypt") or data.get("Encrypt")
            return sealed.strip() if isinstance(sealed, str) else ""
        return markup.text(markup.read(body), "Encrypt")
    except (ValueError, RecursionError) as fault:
        raise RejectedError("envelope", 400) from fault


def _seal(settings: WeCom) -> Seal:
    try:
        return Seal(settings.token, settings.aes_key, settings.corp_id)
    except ValueError as fault:
        raise SettingsError(
            "MOMENTUM_WECOM__AES_KEY：应是 43 个字母和数字，见「接收消息 → API 接收」"
        ) from fault


def _agent_id(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise SettingsError("MOMENTUM_WECOM__AGENT_ID：应是数字，见「应用详情」")
    return int(text)
