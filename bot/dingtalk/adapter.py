"""The DingTalk adapter: robot, event and card callbacks in; cards and messages out."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import aiohttp

from bot.adapter import (
    Delivery,
    Download,
    Inline,
    Limit,
    Page,
    Receipt,
    RejectedError,
    Rendered,
    WireAnswer,
)
from bot.dingtalk import crypto, directory
from bot.dingtalk.client import Client
from bot.dingtalk.delivery import STREAM, Courier
from bot.dingtalk.files import Files
from bot.dingtalk.media import Load
from bot.dingtalk.messages import Home, message_event
from bot.dingtalk.notices import notice_event
from bot.dingtalk.presses import press_event
from bot.dingtalk.reading import parsed, words
from bot.dingtalk.render import drawn, message, press_answer
from bot.event import Event, Incoming, Json
from bot.http import Tokens
from cards.card import Card, is_sentence
from config.settings import DingTalk

CARD_WINDOW = timedelta(minutes=5)  # ours: DingTalk documents none
ROBOT_WINDOW = timedelta(hours=1)  # DingTalk's own; settings may only shorten it


class DingTalkAdapter:
    """One DingTalk app: its robot, its event subscription and its cards."""

    name = "dingtalk"
    press_seconds = 1.4  # of the platform's two
    limits = (Limit("app", 20, 1), Limit("robot", 20, 60))
    """Of the app for each API; of a group robot, which is then shut out for ten minutes."""

    def __init__(
        self,
        settings: DingTalk,
        *,
        app: str,
        tenant: str,
        session: Callable[[], aiohttp.ClientSession],
        callback_url: str = "",
        load: Load | None = None,
        tokens: Tokens | None = None,
        count: Callable[[str], None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`load` gives an attachment's bytes by key; `count` is told the path of each call.

        `tokens` shares the access token with other processes.
        """
        self.app = app
        self.route_key = f"momentum-{app}"
        self._settings = settings
        self._home = Home(settings, app, tenant)
        self._window = min(timedelta(seconds=settings.replay_seconds), ROBOT_WINDOW)
        owner = settings.owner_key or settings.app_key
        keyed = settings.token and settings.aes_key
        self._envelope = crypto.Envelope(settings.token, settings.aes_key, owner) if keyed else None
        self._card_secret = _card_secret(settings)
        self._callback_url = callback_url
        self._client = Client(settings, session, count, tokens)
        self._courier = Courier(settings, self._client, self.route_key, now=now, load=load)
        self._files = Files(settings, self._client, session)
        self._sends = load is not None

    def decode(self, incoming: Incoming) -> Event | WireAnswer | None:
        """Authenticate and read a callback; see `bot.adapter.Adapter`."""
        if incoming.method != "POST":
            raise RejectedError("method", 405)
        match incoming.route:
            case "robot":
                return self._message(incoming)
            case "event":
                return self._notice(incoming)
            case "card":
                return self._press(incoming)
            case _:
                raise RejectedError("route", 404)

    def answer(self, incoming: Incoming, event: Event | None, inline: Inline | None) -> WireAnswer:
        """Acknowledge a callback, a press with what its presser sees at once."""
        if incoming.route == "event":
            return self._success(incoming)
        if incoming.route == "card":
            return _json(press_answer(inline) if event else {"dataSourceQueryResponses": []})
        return _json({"msgtype": "empty"})

    def render(self, card: Card) -> Rendered:
        """Draw for a one-to-one chat: our card template, or without one a markdown message."""
        if self._settings.card_template_id and not is_sentence(card):
            sketch = drawn(card, sends=self._sends)
            return Rendered({"cardParamMap": sketch.values}, sketch.dropped)
        sketch = message(card, sends=self._sends)
        return Rendered({"msgKey": sketch.kind, "msgParam": sketch.values}, sketch.dropped)

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Send, or change in place; see `bot.adapter.Adapter`."""
        return await self._courier.deliver(delivery)

    async def recall(self, handle: Mapping[str, str]) -> None:
        """Take a message back within 24 hours; a group robot's cannot be."""
        await self._courier.recall(handle)

    async def directory(self, cursor: str) -> Page:
        """A page of the organisation, department by department; "" begins."""
        return await directory.page(self._client, cursor)

    async def download(self, origin: Mapping[str, str]) -> Download:
        """The file, picture or voice of a message, at most 20 MB."""
        return await self._files.download(origin)

    async def register_card_callback(self) -> None:
        """Tell DingTalk where presses go; safe to repeat.

        Nothing to do without a template, or when presses come by Stream. Raises TransientError
        or UndeliverableError.
        """
        settings = self._settings
        if not settings.card_template_id or not self._callback_url or settings.mode == STREAM:
            return
        body = {
            "callbackRouteKey": self.route_key,
            "callbackUrl": self._callback_url,
            "apiSecret": self._card_secret,
            "forceUpdate": True,
        }
        await self._client.call("POST", "/v1.0/card/callbacks/register", body)

    def _message(self, incoming: Incoming) -> Event:
        """The signature does not cover the body: the receiver check and `msgId` do the rest."""
        if not self._settings.app_secret:
            raise RejectedError("app secret not configured")
        timestamp = incoming.headers.get("timestamp", "")
        expected = crypto.robot_signature(self._settings.app_secret, timestamp)
        crypto.check_same("signature", expected, incoming.headers.get("sign", ""))
        crypto.fresh(timestamp, incoming.at, self._window)
        event = message_event(self._home, self._opened(incoming), incoming.at)
        self._courier.sessions.keep(event)  # a memory; what is decoded does not depend on it
        return event

    def _opened(self, incoming: Incoming) -> bytes:
        """The body; some tenants report it encrypted once an aes_key is set."""
        body = parsed(incoming.body)
        if not self._envelope or not isinstance(body.get("encrypt"), str):
            return incoming.body
        return self._envelope.decrypt(body["encrypt"])

    def _notice(self, incoming: Incoming) -> Event | WireAnswer:
        if not self._envelope:
            raise RejectedError("event keys not configured")
        query = incoming.query
        timestamp = query.get("timestamp") or query.get("timeStamp") or ""
        encrypt = words(parsed(incoming.body).get("encrypt"))
        signature = query.get("msg_signature") or query.get("signature") or ""
        raw = self._envelope.open(signature, timestamp, query.get("nonce", ""), encrypt)
        crypto.fresh(timestamp, incoming.at, self._window)
        return notice_event(self._home, raw, incoming.at) or self._success(incoming)

    def _press(self, incoming: Incoming) -> Event | None:
        if not self._card_secret:
            raise RejectedError("card secret not configured")
        timestamp = incoming.headers.get("x-ddpaas-signature-timestamp", "")
        expected = crypto.card_signature(self._card_secret, timestamp)
        crypto.check_same("signature", expected, incoming.headers.get("x-ddpaas-signature", ""))
        at = crypto.fresh(timestamp, incoming.at, CARD_WINDOW)
        return press_event(self._home, incoming.body, at)

    def _success(self, incoming: Incoming) -> WireAnswer:
        """The encrypted word that DingTalk expects of every event callback."""
        if not self._envelope:
            return WireAnswer(403)
        timestamp = str(round(incoming.at.timestamp() * 1000))
        return _json(self._envelope.seal("success", timestamp, secrets.token_hex(8)))


def _card_secret(settings: DingTalk) -> str:
    """What signs card callbacks: the configured secret, or one made from the AppSecret.

    We choose it ourselves when the address is registered, so no card is ever without one.
    """
    if settings.card_api_secret or not settings.app_secret:
        return settings.card_api_secret
    return hashlib.sha256(f"momentum card\n{settings.app_secret}".encode()).hexdigest()[:32]


def _json(body: Json) -> WireAnswer:
    return WireAnswer(200, json.dumps(body, ensure_ascii=False).encode(), "application/json")
