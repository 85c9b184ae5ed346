"""WeCom behind the common seam: callbacks in, passive answers, cards out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace

import aiohttp

from bot.adapter import (
    Address,
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
from bot.event import Event, Incoming, Kind
from bot.http import Tokens
from bot.wecom import aibot, aibot_reply, envelope, events, markup, refusals, render, robot, words
from bot.wecom import delivery as deliveries
from bot.wecom.client import Client
from bot.wecom.crypto import Seal, decrypted, key_of
from bot.wecom.directory import Directory
from bot.wecom.sending import Load
from bot.wecom.service import Pulled, pull
from cards.card import Card, Tone
from config.settings import SettingsError, WeCom

_UPDATABLE = "template_card_event"


class WeComAdapter:
    """One self-built app of one company."""

    name = "wecom"
    press_seconds = 4.0  # WeCom waits five
    limits = (
        Limit("person", 30, 60),  # what goes beyond is dropped without an error
        Limit("person", 1000, 3600),
        Limit("app", 10_000, 60),
        Limit("robot", 20, 60),
    )

    def __init__(
        self,
        settings: WeCom,
        *,
        app: str,
        tenant: str,
        session: Callable[[], aiohttp.ClientSession],
        load: Load | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        """`load` returns an attachment's bytes by key; None shows attachments as their names.
        `tokens` shares the access token with other processes.

        Raises SettingsError when a value can not be what the console shows.
        """
        self.app = app
        self.tenant = tenant
        self._settings = settings
        self._agent_id = _agent_id(settings.agent_id)
        self._seal = _seal(settings)
        self._bot_seal = _bot_seal(settings)
        self._media_hosts = {h.strip() for h in settings.bot_media_hosts.split(",") if h.strip()}
        self._robots = robot.keys(settings.robots)
        self._client = Client(settings, session, tokens)
        self._directory = Directory(self._client)
        self._load = load

    def decode(self, incoming: Incoming) -> Event | WireAnswer | None:
        """Authenticate a URL check or a callback; anything else raises RejectedError.

        The app and its AI bot share this address: XML is the app's; JSON is whose seal opens it.
        """
        bot, app = self._bot_seal, self._seal
        if incoming.method == "GET":
            echo, _ = self._opened(incoming, incoming.query.get("echostr", ""), (app, bot))
            return WireAnswer(body=echo)
        if incoming.method != "POST":
            raise RejectedError("method", 405)
        sealed, is_json = envelope.sealed(incoming.body)
        message, seal = self._opened(incoming, sealed, (bot, app) if is_json else (app,))
        if seal is not bot:
            return events.read(message, app=self.app, tenant=self.tenant, at=incoming.at)
        return aibot.read(
            message,
            app=self.app,
            tenant=self.tenant,
            at=incoming.at,
            api_base=self._settings.api_base,
            media_hosts=self._media_hosts,
        )

    def answer(self, incoming: Incoming, event: Event | None, inline: Inline | None) -> WireAnswer:
        """Acknowledge; a press changes the presser's own card at once."""
        if self._bot_seal is not None and event is not None and event.key.startswith(aibot.KEY):
            said = aibot_reply.passive(event, inline) if inline is not None else None
            return envelope.json_answer(self._bot_seal, incoming, said) if said else WireAnswer()
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
        return envelope.xml_answer(self._seal, incoming, plain)

    def render(self, card: Card) -> Rendered:
        """Draw for one person; groups get the words of it (see `render.render_group`)."""
        return render.render(card, files=self._load is not None)

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Send or change in place; each new card can be changed once, and once more per press.

        With an AI-bot event's origin as its handle, the answer goes to where the bot was asked.
        """
        if delivery.to.robot:
            return await robot.deliver(self._client, self._robots, delivery, self._load)
        handle = delivery.handle or {}
        if "bot" in handle:
            base = self._settings.api_base
            receipt = await aibot_reply.respond(self._client, delivery, handle, base)
            if receipt is not None:
                return receipt
            delivery = replace(delivery, handle=None, to=Address(person=delivery.to.person))
        return await deliveries.deliver(self._client, self._agent_id, delivery, self._load)

    async def recall(self, handle: Mapping[str, str]) -> None:
        """Take back what went to a person, within 24 hours."""
        await deliveries.recall(self._client, handle)

    async def directory(self, cursor: str) -> Page:
        """Departments, then each one's members."""
        return await self._directory.page(cursor)

    async def download(self, origin: Mapping[str, str]) -> Download:
        """A message's file: the app's for three days, an AI bot's for five minutes."""
        if media_id := origin.get("media_id"):
            return await self._client.media(media_id)
        url = origin.get("media_url", "")
        if not aibot.allowed(url, self._settings.api_base, self._media_hosts):
            raise refusals.no_file("没有文件的编号或地址")
        found = await self._client.fetched(url)
        try:
            content = decrypted(key_of(self._settings.bot_aes_key), found.content)
        except (RejectedError, ValueError) as fault:
            raise refusals.no_file("内容解不开") from fault
        return Download(found.name, content)

    def customers(self, origin: Mapping[str, str], cursor: str) -> AsyncIterator[Pulled]:
        """What customers wrote, after a kf_msg_or_event notice with this origin."""
        return pull(self._client, origin["open_kfid"], token=origin.get("token", ""), cursor=cursor)

    def _opened(
        self, incoming: Incoming, sealed: str, seals: Sequence[Seal | None]
    ) -> tuple[bytes, Seal]:
        """What is inside, and whose seal fitted."""
        query = incoming.query
        names = ("msg_signature", "timestamp", "nonce")
        if not sealed or not all(query.get(name) for name in names):
            raise RejectedError("parameters", 400)
        signature, timestamp, nonce = (query[name] for name in names)
        refused = RejectedError("signature")
        for seal in (one for one in seals if one is not None):
            try:
                seal.check(signature, timestamp, nonce, sealed)
            except RejectedError:
                continue
            try:
                self._check_time(incoming, timestamp)
                return seal.opened(sealed), seal
            except RejectedError as fault:
                refused = fault
        raise refused

    def _check_time(self, incoming: Incoming, timestamp: str) -> None:
        if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
            raise RejectedError("timestamp")
        if abs(incoming.at.timestamp() - int(timestamp)) > self._settings.replay_seconds:
            raise RejectedError("timestamp")


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


def _seal(settings: WeCom) -> Seal:
    try:
        return Seal(settings.token, settings.aes_key, settings.corp_id)
    except ValueError as fault:
        raise SettingsError(
            "MOMENTUM_WECOM__AES_KEY：应是 43 个字母和数字，见「接收消息 → API 接收」"
        ) from fault


def _bot_seal(settings: WeCom) -> Seal | None:
    """The AI bot's seal, which names no receiver; None when there is no bot."""
    if not settings.bot_token and not settings.bot_aes_key:
        return None
    if not settings.bot_token:
        raise SettingsError("MOMENTUM_WECOM__BOT_TOKEN：填了 BOT_AES_KEY 就要一起填")
    try:
        return Seal(settings.bot_token, settings.bot_aes_key, "")
    except ValueError as fault:
        raise SettingsError(
            "MOMENTUM_WECOM__BOT_AES_KEY：应是 43 个字母和数字，见智能机器人的「API 模式」"
        ) from fault


def _agent_id(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise SettingsError("MOMENTUM_WECOM__AGENT_ID：应是数字，见「应用详情」")
    return int(text)
