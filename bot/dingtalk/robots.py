"""Custom group robots: send-only webhooks that somebody added to a group by hand.

Source: open.dingtalk.com/document/development/custom-robots-send-group-messages,
customize-robot-security-settings. 20 messages a minute, then a pause of ten.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from bot.dingtalk.crypto import robot_signature
from bot.dingtalk.render import Sketch, with_pictures
from bot.event import Json
from config.settings import SettingsError

PATH = "/robot/send"
_NAME = "MOMENTUM_DINGTALK__ROBOTS"
_TOKEN = re.compile(r"[0-9A-Za-z_-]+")


@dataclass(frozen=True, slots=True)
class Robot:
    """One group robot; without a `secret` its group relies on keywords or addresses."""

    name: str
    token: str = field(repr=False)
    secret: str = field(default="", repr=False)


def read_robots(text: str) -> dict[str, Robot]:
    """The robots in "name=access_token[:secret],…", by name.

    Raises SettingsError, which names the robot and never its token.
    """
    found: dict[str, Robot] = {}
    for number, part in enumerate(filter(None, map(str.strip, text.split(","))), 1):
        name, equals, keys = part.partition("=")
        name = name.strip() if equals else ""
        token, colon, secret = keys.strip().partition(":")
        if not name or not _TOKEN.fullmatch(token) or (colon and not _TOKEN.fullmatch(secret)):
            told = f"「{name}」" if name else f"第 {number} 个"
            raise SettingsError(f"{_NAME}：{told}写法不对，应为 名称=access_token[:加签密钥]")
        if name in found:
            raise SettingsError(f"{_NAME}：「{name}」写了两次")
        found[name] = Robot(name, token, secret)
    return found


def query_of(robot: Robot, now: datetime) -> dict[str, str]:
    """What the address needs besides the path."""
    found = {"access_token": robot.token}
    if robot.secret:
        stamp = str(round(now.timestamp() * 1000))
        found |= {"timestamp": stamp, "sign": robot_signature(robot.secret, stamp)}
    return found


def message_of(sketch: Sketch) -> Json:
    """A robot message as the object that webhooks take; pictures cannot go, so words stay."""
    values = with_pictures(sketch, {})
    if sketch.kind == "sampleText":
        return {"msgtype": "text", "text": {"content": values["content"]}}
    return {"msgtype": "markdown", "markdown": values}
