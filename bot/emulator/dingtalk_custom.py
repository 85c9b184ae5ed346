"""DingTalk's custom group robots: anybody who has the address may post, 20 times a minute.

Source: open.dingtalk.com/document/development/custom-robots-send-group-messages and
customize-robot-security-settings.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.emulator.books import Frequency, Recent
from bot.emulator.calls import Answer, Call
from bot.emulator.dingtalk_check import RefusedError
from bot.emulator.dingtalk_seal import robot_sign

PER_MINUTE = 20
PENALTY = timedelta(minutes=10)
WINDOW_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class CustomRobot:
    """A robot of a group; with a `secret` (SEC…) every post must be signed."""

    group: str
    secret: str = ""


class CustomRobots:
    """All custom robots by access token; `show` puts a message object into a group."""

    def __init__(
        self,
        robots: Mapping[str, CustomRobot],
        now: Callable[[], datetime],
        show: Callable[[str, Any], None],
    ) -> None:
        self._robots = robots
        self._now = now
        self._show = show
        self._times = Frequency(now, PER_MINUTE, 60)
        self._until: dict[str, datetime] = {}
        self._posted: Recent[bool] = Recent()

    def post(self, call: Call) -> Answer:
        token = call.query.get("access_token", "")
        robot = self._robots.get(token)
        if robot is None:
            raise RefusedError("400101", "token is not exist")
        self._check_sign(robot, call.query)
        self._check_pace(token)
        body = dict(call.body) if isinstance(call.body, dict) else {}
        # the page names msgUuid but not its place: both are read
        ident = str(body.pop("msgUuid", "") or call.query.get("msgUuid", ""))
        if not ident or f"{token} {ident}" not in self._posted:
            try:
                self._show(robot.group, body)
            except ValueError as fault:
                raise RefusedError("40035", str(fault)) from fault
            self._posted[f"{token} {ident}"] = True
        return Answer({"errcode": 0, "errmsg": "ok"})

    def _check_sign(self, robot: CustomRobot, query: Mapping[str, str]) -> None:
        if not robot.secret:
            return
        stamp, now = query.get("timestamp", ""), self._now().timestamp() * 1000
        if not stamp.isdigit() or abs(now - int(stamp)) > WINDOW_MS:
            raise RefusedError("310000", "invalid timestamp")
        if not hmac.compare_digest(robot_sign(robot.secret, stamp), query.get("sign", "")):
            raise RefusedError("310000", "sign not match")

    def _check_pace(self, token: str) -> None:
        """The 21st post of a minute silences the robot for ten."""
        blocked = self._until.get(token)
        if blocked is not None and self._now() < blocked:
            raise RefusedError("410100", "send too fast")
        if not self._times.take(token):
            self._until[token] = self._now() + PENALTY
            raise RefusedError("410100", "send too fast")
