"""DingTalk's signatures and event envelope, with the vendor SDK's crypto.

Source: open.dingtalk.com/document/development/receive-message (robot sign), event-callback-card
(card callback), callback-event-message-body-encryption-and-decryption (events).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any


def robot_sign(secret: str, timestamp: str) -> str:
    """The `sign` header of a robot callback."""
    return _hmac(secret, f"{timestamp}\n{secret}")


def card_sign(secret: str, timestamp: str) -> str:
    """The `x-ddpaas-signature` header of a card callback."""
    return _hmac(secret, timestamp)


class Envelope:
    """Encrypts event callbacks and opens their answers."""

    def __init__(self, token: str, aes_key: str, owner_key: str) -> None:
        from dingtalk.crypto import DingTalkCrypto  # the package costs 37 MB: only when used

        self._crypto = DingTalkCrypto(token, aes_key, owner_key)

    def close(self, plain: str, timestamp: str) -> tuple[dict[str, str], bytes]:
        """The query and the body of an event callback."""
        sealed = self._crypto.encrypt_message(plain, secrets.token_hex(8), timestamp)
        signature = sealed["msg_signature"]
        query = {
            "signature": signature,
            "msg_signature": signature,
            "timestamp": timestamp,
            "nonce": sealed["nonce"],
        }
        return query, json.dumps({"encrypt": sealed["encrypt"]}).encode()

    def open(self, body: bytes) -> Any:
        """The plain text of an answer; ValueError when it is not sealed as it must be."""
        try:
            answer = json.loads(body)
            return self._crypto.decrypt_message(
                answer, answer["msg_signature"], answer["timeStamp"], answer["nonce"]
            )
        except Exception as fault:  # the SDK lets whatever happened out
            raise ValueError(f"{type(fault).__name__} {fault}") from fault


def _hmac(secret: str, message: str) -> str:
    digest = hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
