"""The sealed envelope of WeCom callbacks: signature, encryption, and who it is meant for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from bot.adapter import RejectedError

BLOCK = 32  # padding goes to 32 bytes, two AES blocks: PKCS7(128) would refuse half of them
_PREFIX = 16
_HEAD = _PREFIX + 4


def key_of(encoding_aes_key: str) -> bytes:
    """The 32 bytes behind an EncodingAESKey of 43 characters.

    Raises ValueError. Most real keys are not canonical base64 (their last character carries stray
    bits), so they are not checked by encoding them again.
    """
    key = base64.b64decode(encoding_aes_key + "=", validate=True)
    if len(key) != BLOCK:
        raise ValueError("EncodingAESKey has 43 characters")
    return key


def decrypted(key: bytes, data: bytes) -> bytes:
    """Undo AES-256-CBC and the padding; every padding byte is checked.

    Raises RejectedError("padding") or RejectedError("length").
    """
    if not data or len(data) % _PREFIX:
        raise RejectedError("length", 400)
    decryptor = Cipher(AES256(key), CBC(key[:16])).decryptor()
    plain = decryptor.update(data) + decryptor.finalize()
    pad = plain[-1]
    if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise RejectedError("padding", 400)
    return plain[:-pad]


def encrypted(key: bytes, plain: bytes) -> bytes:
    """Pad to 32 bytes and encrypt."""
    pad = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(AES256(key), CBC(key[:16])).encryptor()
    return encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()


class Seal:
    """What one app and WeCom share: Token, EncodingAESKey, and the receiver named inside."""

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        self._token = token
        self._key = key_of(aes_key)
        self._receiver = receiver.encode()

    def signature(self, timestamp: str, nonce: str, sealed: str) -> str:
        parts = "".join(sorted((self._token, timestamp, nonce, sealed)))
        raw = parts.encode(errors="surrogatepass")
        return hashlib.sha1(raw).hexdigest()  # noqa: S324  (the platform's choice)

    def check(self, signature: str, timestamp: str, nonce: str, sealed: str) -> None:
        """Raise RejectedError("signature") unless WeCom signed this."""
        expected = self.signature(timestamp, nonce, sealed).encode()
        if not hmac.compare_digest(expected, signature.encode(errors="surrogatepass")):
            raise RejectedError("signature")

    def opened(self, sealed: str) -> bytes:
        """The message inside; raises RejectedError for a broken one or one meant for others."""
        try:
            data = base64.b64decode(sealed, validate=True)
        except ValueError as fault:
            raise RejectedError("base64", 400) from fault
        plain = decrypted(self._key, data)
        if len(plain) < _HEAD:
            raise RejectedError("length", 400)
        end = _HEAD + int.from_bytes(plain[_PREFIX:_HEAD], "big")
        if end > len(plain):
            raise RejectedError("length", 400)
        if not hmac.compare_digest(plain[end:], self._receiver):
            raise RejectedError("receiver")
        return plain[_HEAD:end]

    def sealed(self, message: bytes, *, prefix: bytes = b"") -> str:
        """Encrypt a reply; `prefix` is 16 random bytes unless given (for published samples)."""
        head = (prefix or secrets.token_bytes(_PREFIX)) + len(message).to_bytes(4, "big")
        return base64.b64encode(encrypted(self._key, head + message + self._receiver)).decode()
