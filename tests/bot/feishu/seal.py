"""Feishu's side of the envelope, written a second time: seals what the tests send."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from multidict import CIMultiDict

from bot.event import Incoming

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
KEY, TOKEN = "ek-123", "vt-456"
PAYLOADS = Path(__file__).parent / "payloads"


def payload(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return data


def encrypted(plain: bytes, key: str = KEY, iv: bytes = b"0123456789abcdef") -> str:
    pad = 16 - len(plain) % 16
    cipher = Cipher(algorithms.AES(hashlib.sha256(key.encode()).digest()), modes.CBC(iv))
    sealer = cipher.encryptor()
    raw = sealer.update(plain + bytes([pad]) * pad) + sealer.finalize()
    return base64.b64encode(iv + raw).decode()


def wrapped(plain: bytes) -> bytes:
    return json.dumps({"encrypt": encrypted(plain)}).encode()


def signed(
    body: bytes, *, key: str = KEY, at: datetime = NOW, sent: datetime = NOW, method: str = "sha256"
) -> Incoming:
    """A callback signed at `sent` that reaches us at `at`."""
    stamp, nonce = str(int(sent.timestamp())), "n-1"
    seal = hashlib.new(method, f"{stamp}{nonce}{key}".encode() + body).hexdigest()
    headers = {
        "X-Lark-Request-Timestamp": stamp,
        "X-Lark-Request-Nonce": nonce,
        "X-Lark-Signature": seal,
    }
    return incoming(body, headers, at=at)


def incoming(body: bytes, headers: dict[str, str] | None = None, *, at: datetime = NOW) -> Incoming:
    return Incoming("POST", "", {}, CIMultiDict(headers or {}), body, at)
