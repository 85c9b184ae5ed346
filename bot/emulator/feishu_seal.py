"""How Feishu seals and signs what it sends: AES-256-CBC in an envelope, SHA-256 over the bytes."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from bot.emulator.desk import Json

BLOCK = 16


def seal(encrypt_key: str, plain: bytes, *, iv: bytes | None = None) -> str:
    """base64 of a random IV and the ciphertext under sha256 of the Encrypt Key."""
    iv = iv or secrets.token_bytes(BLOCK)
    pad = PKCS7(BLOCK * 8).padder()
    cipher = _cipher(encrypt_key, iv).encryptor()
    sealed = cipher.update(pad.update(plain) + pad.finalize()) + cipher.finalize()
    return base64.b64encode(iv + sealed).decode()


def unseal(encrypt_key: str, sealed: str) -> bytes:
    """The plain text again.

    Raises ValueError for bad base64, a length that is no IV and whole blocks, or bad padding.
    """
    raw = base64.b64decode(sealed, validate=True)
    if len(raw) < 2 * BLOCK or len(raw) % BLOCK:
        raise ValueError(f"{len(raw)} bytes are no IV and whole blocks")
    cipher = _cipher(encrypt_key, raw[:BLOCK]).decryptor()
    pad = PKCS7(BLOCK * 8).unpadder()
    return pad.update(cipher.update(raw[BLOCK:]) + cipher.finalize()) + pad.finalize()


def sign(timestamp: str, nonce: str, encrypt_key: str, body: bytes) -> str:
    """X-Lark-Signature of a callback; `body` is exactly what goes over the wire."""
    return hashlib.sha256((timestamp + nonce + encrypt_key).encode() + body).hexdigest()


def envelope(encrypt_key: str, data: Json) -> bytes:
    """The callback body that holds `data`; plain JSON where the app has no Encrypt Key."""
    plain = json.dumps(data, ensure_ascii=False).encode()
    return json.dumps({"encrypt": seal(encrypt_key, plain)}).encode() if encrypt_key else plain


def _cipher(encrypt_key: str, iv: bytes) -> Cipher[modes.CBC]:
    key = hashlib.sha256(encrypt_key.encode()).digest()
    return Cipher(algorithms.AES(key), modes.CBC(iv))
