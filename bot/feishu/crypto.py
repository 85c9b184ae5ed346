"""Feishu's envelope: AES-256-CBC around the body, SHA-256 over what arrived."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from bot.adapter import RejectedError
from bot.event import Incoming, Json

BLOCK_BYTES = 16


def parsed(raw: bytes) -> Json:
    """Read a JSON object. Raises RejectedError for anything else."""
    try:
        data = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as fault:
        raise RejectedError("body", 400) from fault
    if not isinstance(data, dict):
        raise RejectedError("body", 400)
    return data


def decrypted(key: str, sealed: object) -> bytes:
    """Open base64(IV ‖ ciphertext); base64, length and padding are all held to the letter.

    Raises RejectedError.
    """
    if not isinstance(sealed, str):
        raise RejectedError("encryption", 400)  # nothing legitimate is plain once a key is set
    try:
        raw = base64.b64decode(sealed, validate=True)
        if len(raw) < 2 * BLOCK_BYTES or len(raw) % BLOCK_BYTES:
            raise ValueError("length")
        if base64.b64encode(raw).decode() != sealed:
            raise ValueError("base64 is not canonical")
        return _unsealed(hashlib.sha256(key.encode()).digest(), raw)
    except ValueError as fault:
        raise RejectedError("encryption", 400) from fault


def check_event(key: str, incoming: Incoming) -> None:
    """Hold the SHA-256 signature of events and card presses; a missing header is a failure."""
    _check(incoming, key, "sha256")


def check_legacy(token: str, incoming: Incoming) -> None:
    """Hold the SHA-1 signature of the old card callback, keyed by the verification token."""
    if not token:
        raise RejectedError("signature")
    _check(incoming, token, "sha1")


def signature(timestamp: str, nonce: str, key: str, body: bytes, *, method: str = "sha256") -> str:
    """Lower-case hex over timestamp, nonce, key and the body as it came."""
    # aiohttp hands over undecodable header bytes as surrogates
    head = f"{timestamp}{nonce}{key}".encode("utf-8", "surrogateescape")
    return hashlib.new(method, head + body).hexdigest()


def same(given: str, expected: str) -> bool:
    """Compare two secrets in constant time, whatever characters they hold."""
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )


def _check(incoming: Incoming, key: str, method: str) -> None:
    names = ("Timestamp", "Nonce")
    stamp, nonce = (incoming.headers.get(f"X-Lark-Request-{name}") or "" for name in names)
    given = incoming.headers.get("X-Lark-Signature") or ""
    if not (stamp and nonce and given):
        raise RejectedError("signature")
    try:
        expected = signature(stamp, nonce, key, incoming.body, method=method)
        genuine = same(given, expected)
    except UnicodeError as fault:
        raise RejectedError("signature") from fault
    if not genuine:
        raise RejectedError("signature")


def _unsealed(key: bytes, raw: bytes) -> bytes:
    opener = Cipher(algorithms.AES(key), modes.CBC(raw[:BLOCK_BYTES])).decryptor()
    padded = opener.update(raw[BLOCK_BYTES:]) + opener.finalize()
    unpadder = PKCS7(BLOCK_BYTES * 8).unpadder()
    return unpadder.update(padded) + unpadder.finalize()
