from __future__ import annotations

import base64
import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from dingtalk.crypto import DingTalkCrypto
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapter import RejectedError
from bot.dingtalk.crypto import (
    Envelope,
    card_signature,
    check_same,
    envelope_signature,
    fresh,
    robot_signature,
)
from config.settings import SettingsError

C1_KEY = "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij"
C1 = (
    "1a3NBxmCFwkCJvfoQ7WhJHB+iX3qHPsc9JbaDznE1i03peOk1LaOQoRz3+nlyGNhwmwJ3vDMG+OzrHMeiZI7gTRWVdUBmfx"
    "jZ8Ej23JVYa9VrYeJ5as7XM/ZpulX8NEQis44w53h1qAgnC3PRzM7Zc/D6Ibr0rgUathB6zRHP8PYrfgnNOS9PhSBdHlegK"
    "+AGGanfwjXuQ9+0pZcy0w9lQ=="
)
C1_SIGN = "5a65ceeef9aab2d149439f82dc191dd6c5cbe2c0"
C4 = "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA=="
C7 = "cKVPF3fvpb646ZnKPbYn/Y5fChYt4e3OjgLbwuMSMm7fuv/Sfu0POorlMHTLide0mitKXnWk1hs/ON7onS9WcQ=="

TOKEN = "T0kenForShopBot"
KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"
OWNER = "dingappkey0000000001"
D5 = (
    "Al31VOORMRWx6emIpmL5qjq+MFizAvZmv+La8V2gW5LIv8X4WkW1uU7nP5lFio7i5et9RVsuVgxzMKaNV55KV5YgNfgJnKd"
    "7/CGGHppTy08exuqXAiHwpQkQslS+Man3VOEUZ6on/n/JDe2ZvpdEDpBwXD3S8bO1mY9CW8APOYZU5ahR+b1UyaDVC9vKpz"
    "KUG04aMOLrXyDhXuWyKqWJrBEerds0Syl0q3e4/iP2ickdL7MnM4tTUl/sCmzykI3xyYP8DZjai6dIu/tpjwRytFJTsnGwt"
    "mrn8aQD/zaWQy9hWsgfWVek7kj3OvGiEqYgsQRr/St8VgmYNRSbJtcliw=="
)
D5_TEXT = (
    '{"EventType":"attendance_check_record","eventId":"e-0001","CorpId":"ding0000","dataList":'
    '[{"userId":"staff01","checkTime":1700000000000,"address":"杭州市西湖区门店一号","bizId":"B1"}]}'
)
D5_SIGN = "4aa3f427580f32a7b7b59ae75fb91d969eb5a037"
D8 = "aCuWrzn1BhCsTKRjuiscv/DLBWdgMlXq1nF33fu2reD3z/6mSXkNzX9+lFfCR5jJvQPg71pgNFdktW2quB0Ydw=="
N3 = "Al31VOORMRWx6emIpmL5qu8D8uiG2gjVpLagISXHwfYQnj9zVZCHUIZ2+n7psOCQj3MdZ00GyuwfqAR4w18Tlw=="

shop = Envelope(TOKEN, KEY, OWNER)


def refused(envelope: Envelope, *parts: str) -> str:
    with pytest.raises(RejectedError) as caught:
        envelope.open(*parts)
    return caught.value.check


def test_c1_the_official_page() -> None:
    text = Envelope("123456", C1_KEY, "suite4xxxxxxxxxxxxxxx").open(
        C1_SIGN, "1445827045067", "nEXhMP4r", C1
    )
    assert json.loads(text) == {
        "EventType": "check_create_suite_url",
        "Random": "LPIdSnlF",
        "TestSuiteKey": "suite4xxxxxxxxxxxxxxx",
    }


def test_c4_the_official_answer() -> None:
    envelope = Envelope(
        "123456", "1234567890123456789012345678901234567890123", "dingsnotzck6pm5veliw"
    )
    signature = "9a95a004dd16f5c307e849b994173f76aa26e5eb"
    assert envelope.open(signature, "1614767836", "A7Co0cJLMzIDtMMI", C4) == b"success"


def test_c7_a_port_in_another_language() -> None:
    key = "aaabWe22zMdfpVVF6kFsZ9E4ODL1wjjykB5ifzjLzzz"
    assert Envelope("", key, "dingn4jxcg1w9jy9exxx").decrypt(C7) == b"success"


def test_d5_chinese_both_ways() -> None:
    stamp, nonce = "1700000000123", "nonceAAAABBBBCCCC"
    assert shop.open(D5_SIGN, stamp, nonce, D5).decode() == D5_TEXT
    assert shop.seal(D5_TEXT, stamp, nonce, b"0123456789abcdef") == {
        "msg_signature": D5_SIGN,
        "timeStamp": stamp,
        "nonce": nonce,
        "encrypt": D5,
    }


def test_d8_our_success() -> None:
    sealed = shop.seal("success", "1700000002000", "replyNonce000001", b"A" * 16)
    assert sealed["encrypt"] == D8
    assert sealed["msg_signature"] == "4536521d2ad55edd7d3fdba840c40a72f635959f"


def test_n1_another_nonce_is_another_signature() -> None:
    envelope = Envelope("123456", C1_KEY, "suite4xxxxxxxxxxxxxxx")
    assert refused(envelope, C1_SIGN, "1445827045067", "xxxxx", C1) == "signature"


def test_n2_another_owner_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    other = Envelope(TOKEN, KEY, "dingappkey0000000002")
    with caplog.at_level(logging.WARNING):
        assert refused(other, D5_SIGN, "1700000000123", "nonceAAAABBBBCCCC", D5) == "receiver"
    assert caplog.records[0].__dict__["owner"] == OWNER
    assert "staff01" not in caplog.text


def test_n3_a_bad_pad_under_a_good_signature() -> None:
    signature = "441a19f08971232b1bece1e93ac05c8a00dac981"
    assert refused(shop, signature, "1700000003000", "badpad0000000001", N3) == "padding"


def test_g1_parts_are_sorted() -> None:
    assert envelope_signature("789", "456", "123") == "f7c3bc1d808e04732adf679965ccc34ca7ae3441"


def test_h1_and_d3_card_signatures() -> None:
    h1 = card_signature("testappSecret", "1546084445901")
    assert h1 == "HCbG3xNE3vzhO+u7qCUL1jS5hsu2n5r2cFhnTrtyDAE="
    d3 = card_signature("example-secret", "1695204671648")
    assert d3 == "ZfWGCNKsmJlJS7Bf4HYxFvKPw3p/jIizkBONlPEJBaM="


def test_d1_the_robot_signature() -> None:
    d1 = robot_signature("this is secret", "1577262236757")
    assert d1 == "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="


@pytest.mark.parametrize("sign", [1, -1])
def test_n5_one_millisecond_past_the_hour(sign: int) -> None:
    at, hour = datetime.fromtimestamp(1577262236.757, UTC), timedelta(hours=1)
    assert fresh("1577262236757", at + sign * hour, hour) == at
    with pytest.raises(RejectedError):
        fresh("1577262236757", at + sign * (hour + timedelta(milliseconds=1)), hour)


@pytest.mark.parametrize(
    "text", ["", "abc", "-5", "1577262236757.0", "１５７７２６２２３６７５７", "9" * 40]
)
def test_a_timestamp_is_digits(text: str) -> None:
    with pytest.raises(RejectedError):
        fresh(text, datetime.fromtimestamp(1577262236, UTC), timedelta(hours=1))


def test_seconds_are_a_timestamp_too() -> None:
    at = datetime.fromtimestamp(1614767836, UTC)
    assert fresh("1614767836", at, timedelta(0)) == at


@pytest.mark.parametrize("given_sign", ["", "签名", "\udcff", "ab"])
def test_odd_signatures_are_only_different(given_sign: str) -> None:
    with pytest.raises(RejectedError):
        check_same("signature", "abc", given_sign)


@pytest.mark.parametrize("key", ["", "short", "!" * 43, "A" * 42, "A" * 44, "键" * 43])
def test_a_wrong_key_is_a_wrong_setting(key: str) -> None:
    with pytest.raises(SettingsError, match="AES_KEY"):
        Envelope(TOKEN, key, OWNER)


@pytest.mark.parametrize("encrypt", ["", "====", "AAAA", "签名", "A" * 31, "A" * 2_000_001])
def test_what_is_no_envelope(encrypt: str) -> None:
    signature = envelope_signature(TOKEN, "1", "n", encrypt)
    assert refused(shop, signature, "1", "n", encrypt) in ("size", "base64")


def test_a_length_that_points_outside() -> None:
    inside = shop._cipher.encryptor()
    frame = b"r" * 16 + (999).to_bytes(4) + b"short" + OWNER.encode()
    pad = 32 - len(frame) % 32
    sealed = inside.update(frame + bytes([pad]) * pad) + inside.finalize()
    with pytest.raises(RejectedError, match="length"):
        shop.decrypt(base64.b64encode(sealed).decode())


@given(st.text(max_size=200), st.text("abc123", min_size=1, max_size=16))
@settings(max_examples=30, deadline=None)
def test_the_vendors_kit_reads_what_we_seal(text: str, nonce: str) -> None:
    kit = DingTalkCrypto(TOKEN, KEY, OWNER)
    ours = shop.seal(text, "1700000000123", nonce)
    signature = ours["msg_signature"]
    assert kit.decrypt_message(ours, signature, "1700000000123", nonce) == text


@given(st.text(max_size=200), st.text("abc123", min_size=1, max_size=16))
@settings(max_examples=30, deadline=None)
def test_we_read_what_the_vendors_kit_seals(text: str, nonce: str) -> None:
    kit = DingTalkCrypto(TOKEN, KEY, OWNER)
    theirs = kit.encrypt_message(text, nonce, "1700000000123")
    opened = shop.open(theirs["msg_signature"], theirs["timeStamp"], nonce, theirs["encrypt"])
    assert opened.decode() == text


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_noise_is_refused_and_nothing_else(noise: bytes) -> None:
    with pytest.raises(RejectedError):
        shop.decrypt(base64.b64encode(noise).decode())
