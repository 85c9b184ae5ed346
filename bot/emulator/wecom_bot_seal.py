"""The AI bot's envelope: WeCom's crypto with an empty receiver, in JSON.

Source: developer.work.weixin.qq.com/document/path/101033 and 100719 (files: the same key, padded
to 32 bytes, without a head).
"""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from defusedxml import ElementTree
from wechatpy.enterprise.crypto import WeChatCrypto

from bot.emulator.desk import Json

BLOCK = 32


class BotSeal:
    """Seals callbacks and files for one bot, and opens what it answers."""

    def __init__(self, token: str, aes_key: str) -> None:
        self._crypto = WeChatCrypto(token, aes_key, "")
        key = base64.b64decode(aes_key + "=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def close(self, body: Json, timestamp: int) -> tuple[dict[str, str], bytes]:
        """The query and the body of a callback."""
        nonce = secrets.token_hex(8)
        plain = json.dumps(body, ensure_ascii=False)
        sealed = ElementTree.fromstring(
            self._crypto.encrypt_message(plain, nonce, str(timestamp)), forbid_dtd=True
        )
        query = {
            "msg_signature": sealed.findtext("MsgSignature", ""),
            "timestamp": str(timestamp),
            "nonce": nonce,
        }
        return query, json.dumps({"encrypt": sealed.findtext("Encrypt", "")}).encode()

    def open(self, raw: bytes, nonce: str) -> Json:
        """The answer, {} for an empty one; ValueError for what WeCom would not understand."""
        if not raw:
            return {}
        try:
            body: Any = json.loads(raw)
            if body["nonce"] != nonce:
                raise ValueError("the nonce is not the callback's")
            if isinstance(body["timestamp"], bool) or not isinstance(body["timestamp"], int):
                raise ValueError("timestamp must be a number")
            sealed, stamp = {"Encrypt": body["encrypt"]}, str(body["timestamp"])
            plain = self._crypto.decrypt_message(sealed, body["msgsignature"], stamp, nonce)
            found = json.loads(plain)
        except Exception as fault:  # the SDK lets whatever happened out
            raise ValueError(f"reply: {type(fault).__name__} {fault}") from fault
        if not isinstance(found, dict):
            raise ValueError("reply: no object")
        return found

    def file(self, data: bytes) -> bytes:
        """A file as its address serves it."""
        pad = BLOCK - len(data) % BLOCK
        encryptor = self._cipher.encryptor()
        return encryptor.update(data + bytes([pad]) * pad) + encryptor.finalize()
