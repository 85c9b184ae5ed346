from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.event import Incoming
from bot.wecom.adapter import WeComAdapter
from bot.wecom.crypto import Seal
from config.settings import WeCom
from tests.bot.wecom import vectors

HERE = Path(__file__).parent
NOW = datetime.fromtimestamp(1767225600, UTC)
SETTINGS = WeCom(
    corp_id=vectors.G2.receiver,
    agent_id="1000002",
    secret="app-secret",
    token=vectors.G2.token,
    aes_key=vectors.G2.key,
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
