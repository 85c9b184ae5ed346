import base64
import json
import subprocess
import sys

import pytest

from bot.emulator.feishu_seal import envelope, seal, sign, unseal

CHALLENGE = (
    '{"challenge":"5634b122-c042-4634-bc7f-b07a3c3e77ad",'
    '"token":"iRdCP2WwXNBXRM3mGLqhrgch3cn0gbT6","type":"url_verification"}'
)
PUBLISHED = [
    ("test key", "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=", "hello world"),
    (
        "mazhe.nerd",
        (
            "tT1xP+ovuc0T3b/rnZX3ax76exqAn0ANQ6/U45GcciC0mgNBc8JtvqOJGNAPMKpgRs2dVU1NYk9VDeqS8T4SYtU0"
            "hzNU54aS84WnxvZ3VFfDcy/RyABlNqlUiGyLDzFI0yxdCMT4KR/YEQXlt6nZi50KwRlZ+A75r645KesZuLMljezY"
            "yY8VeeXEVjPw35+e"
        ),
        CHALLENGE,
    ),
    (
        "ek-123",
        "MDAwMDAwMDAwMDAwMDAwMDPv/T+kxs3ipC9k5I/LG6ta711IdJ/Gpi6BX+brtXhR",
        "0123456789abcdef",
    ),
]
EVENT_BODY = (
    '{"encrypt":"MDEyMzQ1Njc4OWFiY2RlZv2Wn+LsY/nEoOa6gkCiFWlCfsVTb1XemlQAlLkC6NEeH2wPCjzh7+NvUGSP8z'
    "EMy4xiBgKnHvJRY2a0q1HDb6C+2BphBFUpj0EKTA6uUkaDo9W4aIHRucFw8wCot0KdDdoN8iPDpERwTJ1/xzuaMZLUj3tu"
    "1goypsxyISdYzjvavCkmxRkSHd6o5xWb19Gk9EOdaRsjODmMf8SME+oixKzU0IodnzgArteLINXuCVSy3DXBES76cN21dV"
    'T0xiLheRzj1ohp9rttm7jk+tZaUTRlPyIPAd7r8jAuKreArGT9"}'
)
EVENT_PLAIN = (
    '{"schema":"2.0","header":{"event_id":"e-1","token":"vt-456","create_time":"1700000000123",'
    '"event_type":"im.chat.member.bot.added_v1","tenant_key":"tk","app_id":"cli_r"},'
    '"event":{"chat_id":"oc_1","name":"销售一部"}}'
)


@pytest.mark.parametrize(("key", "sealed", "plain"), PUBLISHED)
def test_published_envelopes_open_here_and_in_the_sdk(key: str, sealed: str, plain: str) -> None:
    from lark_oapi.core.utils.decryptor import AESCipher  # 2 s to import, so only where needed

    assert unseal(key, sealed).decode() == plain
    assert AESCipher(key).decrypt_str(sealed) == plain


@pytest.mark.parametrize(("key", "sealed", "plain"), PUBLISHED)
def test_sealing_under_the_same_iv_gives_the_published_envelope(
    key: str, sealed: str, plain: str
) -> None:
    assert seal(key, plain.encode(), iv=base64.b64decode(sealed)[:16]) == sealed


@pytest.mark.parametrize("plain", ["", "a", "0123456789abcdef", "销售一部 " * 50, '{"a": 1}'])
def test_the_sdk_reads_what_is_sealed_here(plain: str) -> None:
    from lark_oapi.core.utils.decryptor import AESCipher

    sealed = seal("ek-123", plain.encode())
    assert AESCipher("ek-123").decrypt_str(sealed) == plain
    assert unseal("ek-123", sealed).decode() == plain


@pytest.mark.parametrize(
    "sealed",
    [
        "P37w+VZImNgPEO1RBhJ6Rg==",
        "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1p",
        "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghg=",
        "no base64!",
    ],
)
def test_a_broken_envelope_is_refused(sealed: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        unseal("test key", sealed)


@pytest.mark.parametrize(
    ("timestamp", "nonce", "key", "body", "signature"),
    [
        (
            *("1700000000", "n-1", "ek-123", EVENT_BODY),
            "63e3c3771143d7eb1f13fdc25b8f7ce9febfec2fb8575f607db0cd381d789b31",
        ),
        (
            *("1626947018", "64607134", "fake-xx", "{fake}"),
            "7db78fdbc2fb617c46e713c3ec3f4b4658d94166682a80434fe557f23afcfd06",
        ),
        (
            *("1700000000", "n-1", "ek-123", '{"encrypt":"abc"}'),
            "72668fef78a4d778c1a050a64c114999ea6affefb4271b006b4e5dfe17a498d9",
        ),
    ],
)
def test_published_signatures(
    timestamp: str, nonce: str, key: str, body: str, signature: str
) -> None:
    assert sign(timestamp, nonce, key, body.encode()) == signature


def test_the_published_event_opens() -> None:
    assert unseal("ek-123", json.loads(EVENT_BODY)["encrypt"]).decode() == EVENT_PLAIN


def test_without_a_key_the_envelope_is_plain() -> None:
    assert envelope("", {"名": 1}) == '{"名": 1}'.encode()


def test_the_emulation_does_without_the_sdk() -> None:
    code = "import sys, bot.emulator.feishu; print('lark_oapi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
