from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.adapter import RejectedError
from bot.feishu import crypto
from bot.feishu.shape import EPOCH, moment
from tests.bot.feishu.seal import NOW, encrypted

HELLO = "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="
CHALLENGE = (
    "tT1xP+ovuc0T3b/rnZX3ax76exqAn0ANQ6/U45GcciC0mgNBc8JtvqOJGNAPMKpgRs2dVU1NYk9VDeqS8T4SYtU0"
    "hzNU54aS84WnxvZ3VFfDcy/RyABlNqlUiGyLDzFI0yxdCMT4KR/YEQXlt6nZi50KwRlZ+A75r645KesZuLMljezY"
    "yY8VeeXEVjPw35+e"
)
OPENED = (
    b'{"challenge":"5634b122-c042-4634-bc7f-b07a3c3e77ad",'
    b'"token":"iRdCP2WwXNBXRM3mGLqhrgch3cn0gbT6","type":"url_verification"}'
)


@pytest.mark.parametrize(
    ("key", "sealed", "plain"),
    [
        ("test key", HELLO, b"hello world"),
        (
            "mazhe.nerd",
            CHALLENGE,
            OPENED,
        ),
        (
            "ek-123",
            "MDAwMDAwMDAwMDAwMDAwMDPv/T+kxs3ipC9k5I/LG6ta711IdJ/Gpi6BX+brtXhR",
            b"0123456789abcdef",
        ),
    ],
)
def test_published_ciphertexts_open(key: str, sealed: str, plain: bytes) -> None:
    assert crypto.decrypted(key, sealed) == plain


@pytest.mark.parametrize(
    "sealed",
    [
        "P37w+VZImNgPEO1RBhJ6Rg==",
        "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1p",
        "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghg=",
        "",
        "无",
        HELLO + "\n",
        HELLO.replace("=", ""),
        HELLO[:-2] + "l=",  # the same bytes, spelt with unused bits set
        None,
        7,
    ],
)
def test_anything_but_the_canonical_form_is_refused(sealed: object) -> None:
    with pytest.raises(RejectedError) as refused:
        crypto.decrypted("test key", sealed)
    assert (refused.value.check, refused.value.status) == ("encryption", 400)


@pytest.mark.parametrize("padding", [b"\x00" * 16, b"\x11" * 16, b"x" * 13 + b"\x01\x02\x03"])
def test_loose_padding_is_refused(padding: bytes) -> None:
    key = hashlib.sha256(b"ek-123").digest()
    sealer = Cipher(algorithms.AES(key), modes.CBC(b"i" * 16)).encryptor()
    raw = b"i" * 16 + sealer.update(padding) + sealer.finalize()
    with pytest.raises(RejectedError):
        crypto.decrypted("ek-123", base64.b64encode(raw).decode())


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 31, 32, 1000])
def test_every_length_comes_back(size: int) -> None:
    assert crypto.decrypted("ek-123", encrypted(b"x" * size)) == b"x" * size


@pytest.mark.parametrize(
    ("stamp", "nonce", "key", "body", "method", "expected"),
    [
        (
            *("1626947018", "64607134", "fake-xx", b"{fake}", "sha256"),
            "7db78fdbc2fb617c46e713c3ec3f4b4658d94166682a80434fe557f23afcfd06",
        ),
        (
            *("1700000000", "n-1", "ek-123", b'{"encrypt":"abc"}', "sha256"),
            "72668fef78a4d778c1a050a64c114999ea6affefb4271b006b4e5dfe17a498d9",
        ),
        (
            *("1700000000", "n-1", "vt-456"),
            '{"open_id":"ou_1","action":{"value":{"k":"确认"},"tag":"button"}}'.encode(),
            *("sha1", "500605d56dd43a7f57e956ea4251fbaf9d231bb2"),
        ),
    ],
)
def test_published_signatures(
    stamp: str, nonce: str, key: str, body: bytes, method: str, expected: str
) -> None:
    assert crypto.signature(stamp, nonce, key, body, method=method) == expected


@pytest.mark.parametrize("text", ["1772413200", "1772413200000", "1772413200000000"])
def test_a_moment_is_told_by_its_digits(text: str) -> None:
    assert moment(text, EPOCH) == NOW


@pytest.mark.parametrize("text", ["", "soon", "²", "-1", "1" * 18, "1e9"])
def test_a_moment_that_is_none_falls_back(text: str) -> None:
    assert moment(text, NOW) == NOW


def test_a_fraction_of_a_second_is_not_needed() -> None:
    assert moment("1772413200.7171419", EPOCH) - NOW < timedelta(seconds=1)
