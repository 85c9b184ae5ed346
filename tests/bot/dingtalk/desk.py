"""The shop that the tests play in: one app, its keys, and callbacks sealed with them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from multidict import CIMultiDict

from bot.adapter import Adapter
from bot.dingtalk.adapter import DingTalkAdapter
from bot.dingtalk.crypto import Envelope, card_signature, robot_signature
from bot.event import Event, Incoming
from config.settings import DingTalk

HERE = Path(__file__).parent
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SETTINGS = DingTalk(
    corp_id="ding0000corp",
    app_key="dingappkey0000000001",
    app_secret="shop-app-secret",
    robot_code="dingrobot01",
    token="T0kenForShopBot",
    aes_key="AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA",
    card_api_secret="shop-card-secret",
)


def millis(at: datetime) -> str:
    return str(round(at.timestamp() * 1000))


def no_session() -> aiohttp.ClientSession:
    raise AssertionError("reading and drawing must not call anybody")


def adapter(settings: DingTalk = SETTINGS) -> DingTalkAdapter:
    return DingTalkAdapter(settings, app="main", tenant="shop", session=no_session)


def payload(name: str) -> Any:
    return json.loads((HERE / "payloads" / f"{name}.json").read_text(encoding="utf-8"))


def robot(body: Any, *, at: datetime = NOW, secret: str = SETTINGS.app_secret) -> Incoming:
    stamp = millis(at)
    headers = CIMultiDict({"timestamp": stamp, "sign": robot_signature(secret, stamp)})
    return Incoming("POST", "robot", {}, headers, raw(body), NOW)


def card(body: Any, *, at: datetime = NOW, secret: str = SETTINGS.card_api_secret) -> Incoming:
    stamp = millis(at)
    headers = CIMultiDict(
        {
            "X-Ddpaas-Signature-Timestamp": stamp,
            "X-Ddpaas-Signature": card_signature(secret, stamp),
        }
    )
    return Incoming("POST", "card", {}, headers, raw(body), NOW)


def event(body: Any, *, at: datetime = NOW, owner: str = SETTINGS.app_key) -> Incoming:
    sealed = Envelope(SETTINGS.token, SETTINGS.aes_key, owner).seal(
        raw(body).decode(), millis(at), "nonceAAAABBBB"
    )
    query = {
        "signature": sealed["msg_signature"],
        "msg_signature": sealed["msg_signature"],
        "timestamp": sealed["timeStamp"],
        "nonce": sealed["nonce"],
    }
    encrypted = raw({"encrypt": sealed["encrypt"]})
    return Incoming("POST", "event", query, CIMultiDict(), encrypted, NOW)


def raw(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return json.dumps(body, ensure_ascii=False).encode()


def later(**parts: float) -> datetime:
    return NOW + timedelta(**parts)


def read(shop: Adapter, incoming: Incoming) -> Event:
    event = shop.decode(incoming)
    assert isinstance(event, Event)
    return event
