"""Who really called: the event envelope and the signatures of robot and card callbacks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import secrets
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.adapter import RejectedError
from bot.event import Json
from config.settings import SettingsError

log = logging.getLogger(__name__)

BLOCK = 32  # DingTalk pads to 32 bytes, not to AES's own 16
HEAD = 20  # 16 random bytes and the length
LARGEST = 2_000_000  # characters of one envelope; real ones are a few KB


def hmac_sha256(secret: str, message: str) -> str:
    """Base64 of the HMAC; `message` is the timestamp (card) or timestamp LF secret (robot)."""
    digest = hmac.new(secret.encode(), message.encode("utf-8", "replace"), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def robot_signature(secret: str, timestamp: str) -> str:
    return hmac_sha256(secret, f"{timestamp}\n{secret}")


def card_signature(secret: str, timestamp: str) -> str:
    return hmac_sha256(secret, timestamp)


def envelope_signature(*parts: str) -> str:
    joined = "".join(sorted(parts)).encode("utf-8", "replace")
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def check_same(check: str, expected: str, given: str) -> None:
    """Compare in constant time; an empty or odd text is only different."""
    if not hmac.compare_digest(
        expected.encode("utf-8", "replace"), given.encode("utf-8", "replace")
    ):
        raise RejectedError(check)


def fresh(timestamp: str, now: datetime, window: timedelta) -> datetime:
    """The moment a timestamp names (seconds or milliseconds), at most `window` from `now`."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 14):
        raise RejectedError("timestamp")
    number = int(timestamp)
    millis = number if number >= 100_000_000_000 else number * 1000
    if abs(round(now.timestamp() * 1000) - millis) > window / timedelta(milliseconds=1):
        raise RejectedError("timestamp")
    return datetime.fromtimestamp(millis / 1000, now.tzinfo)


class Envelope:
    """Opens and seals `{"encrypt": …}`: AES-256-CBC, the key's first half as the vector."""

    def __init__(self, token: str, aes_key: str, owner: str) -> None:
        try:
            # the last character may carry spare bits, as the vendor's own sample key does
            key = base64.b64decode(aes_key + "=", validate=True)
        except (binascii.Error, ValueError) as fault:
            raise _bad_key() from fault
        if len(key) != 32:
            raise _bad_key()
        self._token = token
        self._owner = owner.encode()
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def open(self, signature: str, timestamp: str, nonce: str, encrypt: str) -> bytes:
        """Check the signature and decrypt; raises RejectedError naming the failed check."""
        if not encrypt or len(encrypt) > LARGEST:
            raise RejectedError("size")
        expected = envelope_signature(self._token, timestamp, nonce, encrypt)
        check_same("signature", expected, signature.lower())
        return self.decrypt(encrypt)

    def decrypt(self, encrypt: str) -> bytes:
        """What is inside, for a caller who has authenticated it otherwise."""
        try:
            sealed = base64.b64decode(encrypt, validate=True)
        except (binascii.Error, ValueError) as fault:
            raise RejectedError("base64") from fault
        if not sealed or len(sealed) % 16 or len(sealed) < BLOCK:
            raise RejectedError("size")
        decryptor = self._cipher.decryptor()
        return self._message(_unpadded(decryptor.update(sealed) + decryptor.finalize()))

    def _message(self, frame: bytes) -> bytes:
        end = HEAD + int.from_bytes(frame[16:HEAD])
        if len(frame) < HEAD or end > len(frame):
            raise RejectedError("length")
        if not hmac.compare_digest(frame[end:], self._owner):
            owner = frame[end:].decode("utf-8", "replace")[:64]
            log.warning("dingtalk envelope is for another owner key", extra={"owner": owner})
            raise RejectedError("receiver")
        return frame[HEAD:end]

    def seal(self, text: str, timestamp: str, nonce: str, random: bytes = b"") -> Json:
        """The answer's envelope; `random` (16 bytes) is fixed only by tests."""
        message = text.encode()
        frame = (random or secrets.token_bytes(16)) + len(message).to_bytes(4) + message
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(_padded(frame + self._owner)) + encryptor.finalize()
        encrypt = base64.b64encode(sealed).decode()
        return {
            "msg_signature": envelope_signature(self._token, timestamp, nonce, encrypt),
            "timeStamp": timestamp,
            "nonce": nonce,
            "encrypt": encrypt,
        }


def _padded(frame: bytes) -> bytes:
    pad = BLOCK - len(frame) % BLOCK
    return frame + bytes([pad]) * pad


def _unpadded(frame: bytes) -> bytes:
    pad = frame[-1]
    if not 1 <= pad <= BLOCK or frame[-pad:] != bytes([pad]) * pad:
        raise RejectedError("padding")
    return frame[:-pad]


def _bad_key() -> SettingsError:
    return SettingsError(
        "MOMENTUM_DINGTALK__AES_KEY：应为 43 位字母和数字，"
        "请从「开发者后台 → 事件订阅 → 加密 aes_key」复制"
    )
