from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapter import RejectedError, WireAnswer
from bot.event import Event, Incoming, Kind
from bot.feishu.adapter import FeishuAdapter
from tests.bot.feishu.conftest import SETTINGS, adapter_for
from tests.bot.feishu.seal import KEY, NOW, TOKEN, incoming, payload, signed, wrapped

Sealed = Callable[[str], Incoming]
CLAIM = "card.action.trigger__claim"
TYPED = "im.message.receive_v1__text_p2p"
CHALLENGE = (
    b'{"encrypt":"ZmVkY2JhOTg3NjU0MzIxMA9fF3JcKeYce/JRba5RwNwh5DGZR/oIQNj3y00F9YF+1OtDP+AhlY3c'
    b'mwF5RwRCsS9QAQTWGj4X+wDK7vwz+j4="}'
)
ADDED = (
    b'{"encrypt":"MDEyMzQ1Njc4OWFiY2RlZv2Wn+LsY/nEoOa6gkCiFWlCfsVTb1XemlQAlLkC6NEeH2wPCjzh7+Nv'
    b"UGSP8zEMy4xiBgKnHvJRY2a0q1HDb6C+2BphBFUpj0EKTA6uUkaDo9W4aIHRucFw8wCot0KdDdoN8iPDpERwTJ1/"
    b"xzuaMZLUj3tu1goypsxyISdYzjvavCkmxRkSHd6o5xWb19Gk9EOdaRsjODmMf8SME+oixKzU0IodnzgArteLINXu"
    b'CVSy3DXBES76cN21dVT0xiLheRzj1ohp9rttm7jk+tZaUTRlPyIPAd7r8jAuKreArGT9"}'
)
SIGNATURE = "63e3c3771143d7eb1f13fdc25b8f7ce9febfec2fb8575f607db0cd381d789b31"
PUBLISHED = {
    "X-Lark-Request-Timestamp": "1700000000",
    "X-Lark-Request-Nonce": "n-1",
    "X-Lark-Signature": SIGNATURE,
}
PUBLISHED_AT = datetime.fromtimestamp(1700000000, UTC)
LEGACY = '{"open_id":"ou_1","action":{"value":{"k":"确认"},"tag":"button"}}'.encode()


def refused(adapter: FeishuAdapter, came: Incoming) -> str:
    with pytest.raises(RejectedError) as fault:
        adapter.decode(came)
    return fault.value.check


def plain_challenge(**changes: Any) -> bytes:
    return json.dumps(
        {"type": "url_verification", "token": TOKEN, "challenge": 'c"1', **changes}
    ).encode()


def test_the_published_challenge_is_answered_without_a_signature(feishu: FeishuAdapter) -> None:
    answer = feishu.decode(incoming(CHALLENGE))
    assert answer == WireAnswer(200, b'{"challenge":"c-1"}', "application/json")


def test_a_challenge_with_another_token_is_refused() -> None:
    other = adapter_for(replace(SETTINGS, verification_token="other"))
    assert refused(other, incoming(CHALLENGE)) == "token"


def test_a_plain_challenge_is_escaped_and_needs_that_no_key_is_set(feishu: FeishuAdapter) -> None:
    keyless = adapter_for(replace(SETTINGS, encrypt_key=""))
    answer = keyless.decode(incoming(plain_challenge()))
    assert isinstance(answer, WireAnswer)
    assert json.loads(answer.body) == {"challenge": 'c"1'}
    assert refused(keyless, incoming(plain_challenge(token="vt-457"))) == "token"
    assert refused(keyless, incoming(plain_challenge(token=None))) == "token"
    assert refused(keyless, incoming(plain_challenge(challenge=[]))) == "challenge"
    assert refused(feishu, incoming(plain_challenge())) == "encryption"


def test_the_published_event_is_believed_with_any_case_of_headers(feishu: FeishuAdapter) -> None:
    lower = {name.lower(): value for name, value in PUBLISHED.items()}
    for headers in (PUBLISHED, lower):
        event = feishu.decode(incoming(ADDED, headers, at=PUBLISHED_AT))
        assert isinstance(event, Event)
        assert (event.kind, event.key, event.chat) == (Kind.ENTER, "e-1", "oc_1")


def test_the_published_variants_are_refused(feishu: FeishuAdapter) -> None:
    spaced = ADDED.replace(b":", b": ", 1)
    assert refused(feishu, incoming(spaced, PUBLISHED, at=PUBLISHED_AT)) == "signature"
    assert refused(feishu, incoming(ADDED, at=PUBLISHED_AT)) == "signature"
    plain = json.dumps(payload(TYPED)).encode()
    assert refused(feishu, signed(plain)) == "encryption"


@pytest.mark.parametrize("header", list(PUBLISHED))
@pytest.mark.parametrize("value", [None, "", "0", "ü", "\udcff"])
def test_a_missing_or_changed_header_is_no_way_round(
    feishu: FeishuAdapter, sealed: Sealed, header: str, value: str | None
) -> None:
    came = sealed(CLAIM)
    headers = {k: v for k, v in came.headers.items() if k != header}
    if value is not None:
        headers[header] = value
    assert refused(feishu, incoming(came.body, headers)) == "signature"


def test_no_byte_of_the_body_may_change(feishu: FeishuAdapter, sealed: Sealed) -> None:
    came = sealed(TYPED)
    for i in range(len(came.body)):
        body = bytearray(came.body)
        body[i] ^= 1
        with pytest.raises(RejectedError):
            feishu.decode(replace(came, body=bytes(body)))


def test_another_key_opens_nothing(sealed: Sealed) -> None:
    other = adapter_for(replace(SETTINGS, encrypt_key="ek-124"))
    with pytest.raises(RejectedError):
        other.decode(sealed(TYPED))


@pytest.mark.parametrize(
    ("name", "age_seconds", "believed"),
    [
        (CLAIM, 600, True),
        (CLAIM, 601, False),
        (CLAIM, -601, False),
        (TYPED, 601, True),
        (TYPED, 26_100, True),
        (TYPED, 26_101, False),
    ],
)
def test_presses_age_faster_than_events(
    feishu: FeishuAdapter, sealed: Sealed, name: str, age_seconds: int, believed: bool
) -> None:
    came = replace(sealed(name), at=NOW + timedelta(seconds=age_seconds))
    if believed:
        assert isinstance(feishu.decode(came), Event)
    else:
        assert refused(feishu, came) == "timestamp"


def sent(data: object) -> Incoming:
    return signed(wrapped(json.dumps(data).encode()))


@pytest.mark.parametrize("name", [TYPED, CLAIM, "approval_instance__reverted"])
def test_a_wrong_token_is_refused_wherever_it_is_carried(feishu: FeishuAdapter, name: str) -> None:
    data = payload(name)
    (data.get("header") or data)["token"] = "vt-457"
    assert refused(feishu, sent(data)) == "token"


@pytest.mark.parametrize("name", [TYPED, "approval_instance__reverted"])
def test_another_apps_event_is_not_ours(feishu: FeishuAdapter, name: str) -> None:
    data = payload(name)
    (data.get("header") or data["event"])["app_id"] = "cli_other"
    assert refused(feishu, sent(data)) == "receiver"


def test_without_a_key_the_token_is_all_there_is() -> None:
    keyless = adapter_for(replace(SETTINGS, encrypt_key=""))
    data = payload(TYPED)
    assert isinstance(keyless.decode(incoming(json.dumps(data).encode())), Event)
    del data["header"]["token"]
    assert refused(keyless, incoming(json.dumps(data).encode())) == "token"
    assert refused(keyless, incoming(CHALLENGE)) == "encryption"


def test_without_key_and_token_nobody_is_believed() -> None:
    open_door = adapter_for(replace(SETTINGS, encrypt_key="", verification_token=""))
    assert refused(open_door, incoming(json.dumps(payload(TYPED)).encode())) == "token"
    assert refused(open_door, incoming(plain_challenge(token=""))) == "token"
    assert refused(open_door, signed(LEGACY, key="", method="sha1")) == "signature"


def test_a_legacy_press_is_answered_with_nothing_if_it_is_genuine(feishu: FeishuAdapter) -> None:
    genuine = signed(LEGACY, key=TOKEN, method="sha1")
    assert feishu.decode(genuine) == WireAnswer(200, b"{}", "application/json")
    assert refused(feishu, signed(LEGACY, key=KEY)) == "signature"
    assert refused(feishu, incoming(LEGACY)) == "signature"
    assert refused(feishu, replace(genuine, at=NOW + timedelta(hours=1))) == "timestamp"


def test_a_missing_id_is_replaced_by_one_that_a_redelivery_shares(feishu: FeishuAdapter) -> None:
    data = payload(CLAIM)
    del data["header"]["event_id"]
    first, again = feishu.decode(sent(data)), feishu.decode(sent(data))
    assert isinstance(first, Event)
    assert isinstance(again, Event)
    assert first.key == again.key
    assert len(first.key) == 64


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"\xff\xfe", b"{", b"[" * 100_000, b'{"encrypt":[]}', b"9" * 5000],
)
def test_a_body_of_no_shape_is_refused(feishu: FeishuAdapter, body: bytes) -> None:
    with pytest.raises(RejectedError) as fault:
        feishu.decode(signed(body))
    assert fault.value.status == 400


@given(st.binary(max_size=300))
def test_no_bytes_make_decode_fail_otherwise(body: bytes) -> None:
    with pytest.raises(RejectedError):
        adapter_for().decode(signed(body))


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def spots(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a payload."""
    inside = data.items() if isinstance(data, dict) else ()
    return [path, *(spot for name, inner in inside for spot in spots(inner, (*path, name)))]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from((TYPED, CLAIM, "im.message.receive_v1__text_group", "p2p_chat_create__first")),
    st.randoms(use_true_random=False),
    JSON,
)
def test_an_authentic_payload_with_anything_anywhere_is_kept_or_refused(
    name: str, random: Any, junk: Any
) -> None:
    data = payload(name)
    *way, last = random.choice([spot for spot in spots(data) if spot])
    place = data
    for step in way:
        place = place[step]
    place[last] = junk
    try:
        found = adapter_for().decode(sent(data))
    except RejectedError:
        return
    if isinstance(found, Event):
        json.dumps(found.to_json(), ensure_ascii=False).encode()
        assert found.key
