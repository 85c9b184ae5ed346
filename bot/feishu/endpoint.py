"""Where the long connection is: its address, its rules, and why it may be refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

import aiohttp

from bot.adapter import DeliveryError, TransientError, UndeliverableError
from bot.event import Json
from bot.feishu.faults import code_of
from bot.feishu.reasons import KEYS, REPORT
from bot.feishu.shape import record, words
from bot.http import call
from config.settings import Feishu

RETRIED = frozenset((1, 1000040343))
MODE = "请在飞书开发者后台「事件与回调 → 订阅方式」选择「使用长连接接收」；仅企业自建应用可用"
REASONS = {
    403: ("应用不允许使用长连接", MODE),
    514: ("长连接认证失败", KEYS),
    1000040344: ("长连接缺少应用凭证", KEYS),
    1000040350: (
        "长连接数量超过上限",
        "每个应用最多 50 个连接：请停掉多余的 listen 进程；测试环境请另建应用",
    ),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A connection's address, the service id that pings carry, and the server's intervals."""

    url: str
    service: int
    config: Json


@dataclass(frozen=True, slots=True)
class Pace:
    """Intervals in seconds; `attempts` -1 is for ever. The server's values win."""

    attempts: int = -1
    interval: float = 120.0
    nonce: float = 30.0
    ping: float = 120.0

    def updated(self, config: object) -> Pace:
        """With what the server said, as far as it makes sense."""
        names = {"attempts": "ReconnectCount", "interval": "ReconnectInterval"}
        names |= {"nonce": "ReconnectNonce", "ping": "PingInterval"}
        given = record(config)
        found: Json = {
            ours: given[theirs]
            for ours, theirs in names.items()
            if isinstance(given.get(theirs), int) and not isinstance(given[theirs], bool)
        }
        found = {name: value for name, value in found.items() if value >= 0 or name == "attempts"}
        if not found.get("ping", 1):
            del found["ping"]
        return replace(self, **found)


async def endpoint(session: aiohttp.ClientSession, settings: Feishu) -> Endpoint:
    """Ask where to connect. Raises TransientError or UndeliverableError."""
    reply = await call(
        session,
        "POST",
        f"{settings.api_base}/callback/ws/endpoint",
        json={"AppID": settings.app_id, "AppSecret": settings.app_secret},
        headers={"locale": "zh"},
    )
    code = code_of(reply)
    if code != 0:
        if code in RETRIED or code < 0 or reply.status >= 500:
            raise TransientError(f"endpoint code {code}")
        raise _refusal(code)
    url = words(reply.body, "data", "URL")
    if not url:
        raise TransientError("endpoint without an address")
    service = parse_qs(urlsplit(url).query).get("service_id", ["0"])[0]
    number = int(service) if service.isascii() and service.isdigit() else 0
    return Endpoint(url, number, record(reply.body, "data", "ClientConfig"))


def refused_handshake(fault: aiohttp.WSServerHandshakeError) -> DeliveryError:
    """Why the connection was not opened; most reasons pass."""
    headers: Mapping[str, str] = fault.headers or {}
    names = ("handshake-autherrcode", "handshake-status")
    for text in (headers.get(name, "") for name in names):
        if text.isascii() and text.isdigit() and int(text) in REASONS:
            return _refusal(int(text))
    return TransientError(f"handshake {fault.status}")


def _refusal(code: int) -> UndeliverableError:
    reason, advice = REASONS.get(code, ("飞书拒绝了长连接", REPORT))
    return UndeliverableError(str(code), reason, advice)
