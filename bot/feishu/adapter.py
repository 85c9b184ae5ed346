"""Feishu behind the seam: events and presses in, cards and files out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import aiohttp

from bot.adapter import (
    Delivery,
    Download,
    Inline,
    Limit,
    Page,
    Receipt,
    Rendered,
    UndeliverableError,
    WireAnswer,
)
from bot.event import Event, Incoming
from bot.feishu import directory, speech
from bot.feishu.answer import PLATFORM, event_of, seen
from bot.feishu.client import Client
from bot.feishu.courier import Courier, Load, messages
from bot.feishu.download import download
from bot.feishu.envelope import admit, answered
from bot.feishu.render import rendered
from bot.feishu.robots import Robots
from bot.http import Tokens
from cards.card import Card
from config.settings import Feishu

GONE = frozenset(("230011", "230110"))  # taken back or deleted before


class FeishuAdapter:
    """One Feishu app; `app` is its name in our URLs, `tenant` whose desk it serves.

    `load` gives the bytes of an Attachment by its key; without it a file is only its name.
    Raises SettingsError for unreadable group robots.
    """

    name = PLATFORM
    press_seconds = 2.2  # the platform gives 3 s, network included
    limits = (
        Limit("person", 5, 1),
        Limit("group", 5, 1),  # shared with all other robots in it
        Limit("app", 50, 1),
        Limit("app", 1_000, 60),
        Limit("robot", 5, 1),
        Limit("robot", 100, 60),
    )

    def __init__(
        self,
        settings: Feishu,
        *,
        app: str,
        tenant: str,
        session: Callable[[], aiohttp.ClientSession],
        load: Load | None = None,
        tokens: Tokens | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.app = app
        self._settings = settings
        self._tenant = tenant
        self._load = load
        self._client = Client(settings, session, tokens)
        self._robots = Robots(settings.robots, settings.api_base, session, now)

    def decode(self, incoming: Incoming) -> Event | WireAnswer | None:
        """Authenticate and read an event or a press; robots' own messages mean nothing."""
        envelope = admit(self._settings, incoming)
        if isinstance(envelope, WireAnswer):
            return envelope
        return event_of(envelope, app=self.app, tenant=self._tenant)

    def answer(
        self,
        incoming: Incoming,  # noqa: ARG002 - the seam's; Feishu answers all callbacks alike
        event: Event | None,
        inline: Inline | None,
    ) -> WireAnswer:
        """`{}` keeps things as they are; a press may bring a toast and the card's new state."""
        return answered(seen(event, inline))

    def render(self, card: Card) -> Rendered:
        """Card JSON 2.0, or a text message for a mere sentence."""
        return rendered(card, sends_files=self._load is not None)

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Send by the message API or a group robot, or change in place.

        A `handle` without "message" but with a press's "token" changes the pressed card by that.
        """
        if delivery.handle is None and delivery.to.robot:
            return await self._robots.deliver(delivery)
        return await Courier(self._client, delivery, self._load).deliver()

    async def recall(self, handle: Mapping[str, str]) -> None:
        """Take a message and the files after it back; what is gone already is no fault."""
        ids = messages(handle)
        if not ids:
            raise UndeliverableError(
                "recall", "群机器人发出的消息无法由程序撤回", "请在飞书群里由群主或管理员撤回"
            )
        for message in ids:
            try:
                await self._client.recall(message)
            except UndeliverableError as fault:
                if fault.code not in GONE:
                    raise

    async def directory(self, cursor: str) -> Page:
        """A page of people or departments; somebody in two departments comes twice."""
        return await directory.page(self._client, cursor)

    async def download(self, origin: Mapping[str, str]) -> Download:
        """The file, voice or first picture of a message, up to 20 MB."""
        return await download(self._client, origin)

    async def recognise(self, origin: Mapping[str, str]) -> str:
        """The words of a voice message: seconds of work, for a job. Raises as `deliver`."""
        return await speech.recognise(self._client, origin)
