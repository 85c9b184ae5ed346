from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.enterprise.crypto import WeChatCrypto

from bot.adapter import RejectedError
from bot.wecom.crypto import BLOCK, Seal, decrypted, encrypted, key_of
from tests.bot.wecom import vectors
from tests.bot.wecom.vectors import Vector


def seal_of(vector: Vector) -> Seal:
    return Seal(vector.token, vector.key, vector.receiver)


@pytest.mark.parametrize("vector", vectors.ALL, ids=lambda v: v.name)
def test_a_published_sample_opens_and_seals_to_the_same_bytes(vector: Vector) -> None:
    seal = seal_of(vector)
    assert seal.opened(vector.sealed).decode() == vector.plain
    assert seal.sealed(vector.plain.encode(), prefix=vector.random) == vector.sealed


@pytest.mark.parametrize("vector", vectors.SIGNED, ids=lambda v: v.name)
def test_a_published_signature_holds_and_no_other(vector: Vector) -> None:
    seal = seal_of(vector)
    given_parts = vector.signature, vector.timestamp, vector.nonce, vector.sealed
    seal.check(*given_parts)
    flipped = ("0" if vector.signature[0] != "0" else "1") + vector.signature[1:]
    for wrong in (
        (flipped, *given_parts[1:]),
        (vector.signature.upper(), *given_parts[1:]),
        (vector.signature, vector.timestamp, vector.nonce + "1", vector.sealed),
        ("é\ud800", "\ud800", vector.nonce, vector.sealed),
    ):
        with pytest.raises(RejectedError, match="signature"):
            seal.check(*wrong)


def test_media_of_an_ai_bot_has_no_header() -> None:
    key = key_of(vectors.G1.key)
    sealed, plain = (base64.b64decode(text) for text in (vectors.MEDIA_SEALED, vectors.MEDIA_PLAIN))
    assert decrypted(key, sealed) == plain
    assert encrypted(key, plain) == sealed


def test_another_companys_message_is_refused_though_it_decrypts() -> None:
    with pytest.raises(RejectedError, match="receiver"):
        seal_of(replace(vectors.B, receiver="ww0000000000000000")).opened(vectors.B.sealed)


def test_a_broken_ciphertext_names_what_is_broken() -> None:
    seal = seal_of(vectors.B)
    raw = base64.b64decode(vectors.B.sealed)
    for data, check in ((b"", "length"), (raw[:30], "length"), (raw[:-16], "padding")):
        with pytest.raises(RejectedError, match=check):
            seal.opened(base64.b64encode(data).decode())
    with pytest.raises(RejectedError, match="base64"):
        seal.opened("%%%")


@pytest.mark.parametrize(
    "plain",
    [
        b"short" + bytes([27]) * 27,  # no room for the header
        b"r" * 16 + (99).to_bytes(4, "big") + bytes([12]) * 12,  # longer than what follows
    ],
)
def test_a_header_that_lies_is_refused(plain: bytes) -> None:
    key = key_of(vectors.B.key)
    bare = encrypted(key, plain)[: len(plain)]  # our own padding is left out
    with pytest.raises(RejectedError, match="length"):
        seal_of(vectors.B).opened(base64.b64encode(bare).decode())


@pytest.mark.parametrize("pad", [0, 33, 255])
def test_a_pad_byte_out_of_range_is_refused(pad: int) -> None:
    key = key_of(vectors.B.key)
    bare = encrypted(key, b"x" * 31 + bytes([pad]))[:BLOCK]
    with pytest.raises(RejectedError, match="padding"):
        decrypted(key, bare)


def test_every_padding_byte_counts() -> None:
    key = key_of(vectors.B.key)
    bare = encrypted(key, b"x" * 29 + b"\x02\x03\x03")[:BLOCK]
    with pytest.raises(RejectedError, match="padding"):
        decrypted(key, bare)


@pytest.mark.parametrize("text", ["", "short", "!" * 43, "é" * 43])
def test_a_key_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        key_of(text)


@given(st.text(max_size=200))
def test_the_vendors_library_opens_ours_and_we_open_its(text: str) -> None:
    ours, theirs = seal_of(vectors.G2), oracle()
    message = "x" + text.replace("\r", "")  # it needs a message, and reads through universal XML
    raw = message.encode(errors="replace")
    sealed = ours.sealed(raw)
    signature = ours.signature("1767225600", "n", sealed)
    body = {"Encrypt": sealed}
    assert theirs.decrypt_message(body, signature, "1767225600", "n") == raw.decode()
    envelope = theirs.encrypt_message(raw.decode(), "n", "1767225600")
    theirs_sealed = envelope.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    assert ours.opened(theirs_sealed) == raw


def oracle() -> WeChatCrypto:
    return WeChatCrypto(vectors.G2.token, vectors.G2.key, vectors.G2.receiver)
