from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from bot.event import Incoming
from bot.wecom.adapter import WeComAdapter
from bot.wecom.crypto import Seal
from config.settings import WeCom
from tests.bot.wecom import vectors
from tests.bot.wecom.server import FakeWeCom

HERE = Path(__file__).parent
NOW = datetime.fromtimestamp(1767225600, UTC)
SETTINGS = WeCom(
    corp_id=vectors.G2.receiver,
    agent_id="1000002",
    secret="app-secret",
    token=vectors.G2.token,
    aes_key=vectors.G2.key,
    bot_token="BotToken2026",
    bot_aes_key=vectors.D.key,
    robots="销售群=ROBOT-KEY-1",
)

Sealed = Callable[..., Incoming]


def offline() -> None:
    raise AssertionError("nothing here may call the network")


@pytest.fixture
def wecom() -> WeComAdapter:
    return WeComAdapter(SETTINGS, app="main", tenant="acme", session=offline)  # type: ignore[arg-type]


@pytest.fixture
def seal() -> Seal:
    return Seal(SETTINGS.token, SETTINGS.aes_key, SETTINGS.corp_id)


@pytest.fixture
def bot_seal() -> Seal:
    return Seal(SETTINGS.bot_token, SETTINGS.bot_aes_key, "")


@pytest.fixture
def asked(bot_seal: Seal) -> Sealed:
    """A recorded payload (or any bytes) as the callback of an AI bot."""

    def make(payload: str | bytes, *, at: datetime = NOW) -> Incoming:
        if isinstance(payload, str):
            payload = (HERE / "payloads" / "aibot" / f"{payload}.json").read_bytes()
        encrypted = bot_seal.sealed(payload)
        body = json.dumps({"encrypt": encrypted}).encode()
        return callback(bot_seal, encrypted, at=at, body=body)

    return make


@pytest.fixture
def platform() -> FakeWeCom:
    return FakeWeCom()


@pytest.fixture
async def online(platform: FakeWeCom) -> AsyncIterator[WeComAdapter]:
    async with TestServer(platform.app()) as server, aiohttp.ClientSession() as session:
        settings = replace(SETTINGS, api_base=str(server.make_url("")).rstrip("/"))
        yield WeComAdapter(settings, app="main", tenant="acme", session=lambda: session, load=load)


async def load(key: str) -> bytes:
    """The bytes of an attachment, as the program would find them."""
    return {"quote-17": b"PK\x03\x04 a quote", "empty": b"", "huge": bytes((20 << 20) + 1)}[key]


@pytest.fixture
def sealed(seal: Seal) -> Sealed:
    """A recorded payload (or any bytes) as the callback that WeCom would send."""

    def make(payload: str | bytes, *, at: datetime = NOW) -> Incoming:
        if isinstance(payload, str):
            payload = (HERE / "payloads" / f"{payload}.xml").read_bytes()
        return callback(seal, seal.sealed(payload), at=at)

    return make


def callback(
    seal: Seal, encrypted: str, *, at: datetime = NOW, body: bytes | None = None
) -> Incoming:
    """A signed POST; `body` takes the XML envelope's place."""
    timestamp, nonce = str(int(at.timestamp())), "n0nce"
    envelope = (
        f"<xml><ToUserName><![CDATA[{SETTINGS.corp_id}]]></ToUserName>"
        f"<AgentID><![CDATA[1000002]]></AgentID><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    query = {
        "msg_signature": seal.signature(timestamp, nonce, encrypted),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    return Incoming("POST", "", query, {}, envelope.encode() if body is None else body, at)
