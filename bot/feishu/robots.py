"""Group robots (群自定义机器人): a webhook each, one way, no identity and no presses."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

import aiohttp

from bot.adapter import Delivery, Receipt, UndeliverableError
from bot.event import Json
from bot.feishu.faults import code_of, refusal
from bot.feishu.render import ROBOT_BYTES, drawn, sentence
from bot.feishu.text import cut
from bot.http import Reply, call
from cards.card import is_sentence
from config.settings import SettingsError

BAD_CARD = frozenset(("9499", "11246", "19006"))  # the same words as text may still get through
MIN_TEXT = 1_000


@dataclass(frozen=True, slots=True)
class Robot:
    """One webhook; without a `secret` the robot checks keywords or addresses instead."""

    name: str
    hook: str = field(repr=False)
    secret: str = field(default="", repr=False)


def robots(text: str) -> dict[str, Robot]:
    """Read MOMENTUM_FEISHU__ROBOTS: "name=hook_id[:secret],…"; a pasted address will do as id.

    Raises SettingsError.
    """
    found: dict[str, Robot] = {}
    for number, entry in enumerate((part.strip() for part in text.split(",")), 1):
        if not entry:
            continue
        name, _, rest = (part.strip() for part in entry.partition("="))
        hook, _, secret = rest.rpartition("/")[2].partition(":")
        if not (name and hook) or name in found:  # the entry itself is a secret: never shown
            raise SettingsError(
                f"MOMENTUM_FEISHU__ROBOTS：第 {number} 项有误，应为 名称=机器人编号[:签名密钥]，"
                "多项用逗号分隔，名称不可重复"
            )
        found[name] = Robot(name, hook, secret)
    return found


def signature(timestamp: str, secret: str) -> str:
    """The robot's own: timestamp and secret are the key, the message is empty."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.digest(key, b"", "sha256")).decode()


class Robots:
    """The group robots of one app."""

    def __init__(
        self,
        text: str,
        api_base: str,
        session: Callable[[], aiohttp.ClientSession],
        now: Callable[[], datetime],
    ) -> None:
        self._robots = robots(text)
        self._api_base = api_base
        self._session = session
        self._now = now

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Post a card; one that is refused goes as text. What is posted cannot be changed.

        The webhook has no idempotency key: a time-out after arrival means a second copy.
        """
        robot = self._robots.get(delivery.to.robot)
        if robot is None:
            name = delivery.to.robot
            raise UndeliverableError(
                "robot",
                f"没有名为「{name}」的飞书群机器人",
                "请在 MOMENTUM_FEISHU__ROBOTS 加入「名称=机器人编号」后重启",
            )
        if is_sentence(delivery.card):
            await self._post(robot, _text(delivery.card.title))
            return Receipt({"robot": robot.name})
        try:
            card = drawn(delivery.card, robot=True).card
            await self._post(robot, {"msg_type": "interactive", "card": card})
        except UndeliverableError as fault:
            if fault.code not in BAD_CARD:
                raise
            await self._post(robot, _text(delivery.card.plain()))
        return Receipt({"robot": robot.name})

    async def _post(self, robot: Robot, body: Json) -> None:
        if robot.secret:
            stamp = str(int(self._now().timestamp()))
            body = {"timestamp": stamp, "sign": signature(stamp, robot.secret), **body}
        url = f"{self._api_base}/open-apis/bot/v2/hook/{quote(robot.hook, safe='')}"
        reply: Reply = await call(self._session(), "POST", url, json=body)
        if code_of(reply) != 0:  # failures come with HTTP 200 too
            raise refusal(reply)


def _text(text: str) -> Json:
    """A text message within the robot's 20 KB."""
    letters = len(text)
    while True:
        body = {"msg_type": "text", "content": sentence(cut(text, letters))}
        size = len(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
        if size <= ROBOT_BYTES or letters <= MIN_TEXT:
            return body
        letters = letters * 3 // 4
