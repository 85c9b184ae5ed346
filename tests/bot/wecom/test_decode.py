from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapter import RejectedError, WireAnswer
from bot.event import Event, Incoming, Kind
from bot.wecom.adapter import WeComAdapter
from bot.wecom.crypto import Seal
from bot.wecom.envelope import LARGEST_BODY
from config.settings import SettingsError
from tests.bot.wecom import vectors
from tests.bot.wecom.conftest import HERE, NOW, SETTINGS, Sealed, callback, offline
from tests.bot.wecom.vectors import Vector

LAUGHS = (
    b'<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    b"<xml><MsgType>text</MsgType><Content>&b;</Content><Encrypt>&b;</Encrypt></xml>"
)


def adapter_of(vector: Vector) -> WeComAdapter:
    values = replace(SETTINGS, corp_id=vector.receiver, token=vector.token, aes_key=vector.key)
    return WeComAdapter(values, app="main", tenant="acme", session=offline)  # type: ignore[arg-type]


def incoming_of(vector: Vector, method: str, body: bytes = b"") -> Incoming:
    query = {
        "msg_signature": vector.signature,
        "timestamp": vector.timestamp,
        "nonce": vector.nonce,
    }
    if method == "GET":
        query["echostr"] = vector.sealed
    at = datetime.fromtimestamp(int(vector.timestamp), UTC)
    return Incoming(method, "", query, {}, body, at)


def read(wecom: WeComAdapter, incoming: Incoming) -> Event:
    event = wecom.decode(incoming)
    assert isinstance(event, Event)
    return event


@pytest.mark.parametrize("vector", vectors.ECHOES, ids=lambda v: v.name)
def test_the_url_check_is_answered_with_the_bare_number(vector: Vector) -> None:
    answer = adapter_of(vector).decode(incoming_of(vector, "GET"))
    assert answer == WireAnswer(200, vector.plain.encode(), "text/plain")


@pytest.mark.parametrize("envelope", ["xml", "Encrypt", "encrypt"])
def test_the_published_message_becomes_what_was_typed(envelope: str) -> None:
    sealed = vectors.B.sealed
    body = (
        f"<xml><AgentID>218</AgentID>\n<Encrypt>\n<![CDATA[{sealed}]]>\n</Encrypt></xml>"
        if envelope == "xml"
        else "\n " + json.dumps({envelope: sealed})
    )
    event = read(adapter_of(vectors.B), incoming_of(vectors.B, "POST", body.encode()))
    assert (event.person, event.text, event.key) == ("mycreate", "hello", "4561255354251345929")


def test_a_typed_message(wecom: WeComAdapter, sealed: Sealed) -> None:
    assert read(wecom, sealed("text__claim")) == Event(
        platform="wecom",
        app="main",
        tenant="acme",
        key="7281936450012345678",
        person="lina",
        chat="",
        kind=Kind.MESSAGE,
        text="领取 17",
        at=NOW,
        origin={"user": "LiNa"},
    )


def test_a_press_becomes_the_command_it_stands_for(wecom: WeComAdapter, sealed: Sealed) -> None:
    event = read(wecom, sealed("template_card_event__take_over"))
    assert (event.kind, event.text, event.person) == (Kind.PRESS, "接手 17 v3", "lina")
    assert event.form == {}
    assert event.origin["message"] == event.origin["task_id"] == "fuse-17-lina"
    assert event.origin["response_code"] == "CODE-1"


def test_choices_come_by_question(wecom: WeComAdapter, sealed: Sealed) -> None:
    event = read(wecom, sealed("template_card_event__choices"))
    assert event.form == {"rep": "7", "reasons": "busy,away", "none": ""}


@pytest.mark.parametrize(
    ("payload", "kind", "text"),
    [
        ("template_card_menu_event", Kind.PRESS, "稍后 17"),
        ("voice__recognised", Kind.MESSAGE, "新建客户 张三"),
        ("voice__plain", Kind.UNKNOWN, "[语音]"),
        ("image", Kind.UNKNOWN, "[图片]"),
        ("click__today", Kind.MESSAGE, "今日"),
        ("enter_agent", Kind.ENTER, "enter_agent"),
        ("subscribe", Kind.ENTER, "subscribe"),
        ("unsubscribe", Kind.NOTICE, "unsubscribe"),
        ("location", Kind.NOTICE, "location"),
        ("change_contact__update_user", Kind.NOTICE, "change_contact/update_user"),
        (
            "change_external_contact__add",
            Kind.NOTICE,
            "change_external_contact/add_external_contact",
        ),
        ("kf_msg_or_event", Kind.NOTICE, "kf_msg_or_event"),
        ("unknown_event", Kind.UNKNOWN, "meeting_started"),
    ],
)
def test_every_kind_of_callback(
    wecom: WeComAdapter, sealed: Sealed, payload: str, kind: Kind, text: str
) -> None:
    event = read(wecom, sealed(payload))
    assert (event.kind, event.text, event.at) == (kind, text, NOW)
    assert Event.from_json(event.to_json()) == event


def test_a_notice_keeps_its_fields_and_names_nobody(wecom: WeComAdapter, sealed: Sealed) -> None:
    event = read(wecom, sealed("change_contact__update_user"))
    assert event.person == ""
    assert event.form["NewUserID"] == "lina2"
    assert event.form["ExtAttr.Item.Name"] == "爱好,卡号"


def test_a_redelivery_has_the_same_key_though_sealed_anew(
    wecom: WeComAdapter, sealed: Sealed
) -> None:
    one, two = sealed("change_external_contact__add"), sealed("change_external_contact__add")
    assert one.body != two.body
    assert read(wecom, one).key == read(wecom, two).key
    assert read(wecom, one).key != read(wecom, sealed("change_contact__update_user")).key


@pytest.mark.parametrize("body", [b"no markup", b'{"msgtype":"text"}', b"\xff\x00<xml>", b""])
def test_an_authentic_message_of_unknown_shape_is_kept(
    wecom: WeComAdapter, sealed: Sealed, body: bytes
) -> None:
    event = read(wecom, sealed(body))
    assert (event.kind, event.at) == (Kind.UNKNOWN, NOW)
    assert "\0" not in event.form["raw"]


@pytest.mark.parametrize("seconds", ["", "soon", "-1", "9" * 30, "１７"])
def test_a_senseless_time_is_replaced_by_our_own(
    wecom: WeComAdapter, sealed: Sealed, seconds: str
) -> None:
    body = f"<xml><CreateTime>{seconds}</CreateTime><MsgType>text</MsgType></xml>"
    assert read(wecom, sealed(body.encode())).at == NOW


def test_a_dtd_is_refused_outside_and_inside(
    wecom: WeComAdapter, sealed: Sealed, seal: Seal
) -> None:
    for came in (sealed(LAUGHS), callback(seal, "x", body=LAUGHS)):
        with pytest.raises(RejectedError):
            wecom.decode(came)


def test_depth_is_no_weapon(wecom: WeComAdapter, sealed: Sealed, seal: Seal) -> None:
    deep = b"<a>" * 100_000 + b"</a>" * 100_000
    assert read(wecom, sealed(b"<xml>" + deep + b"</xml>")).kind is Kind.UNKNOWN
    for body in (deep, b'{"a":' * 100_000):
        with pytest.raises(RejectedError):
            wecom.decode(callback(seal, "x", body=body))


@pytest.mark.parametrize("minutes", [-11, 11])
def test_an_old_callback_is_refused(wecom: WeComAdapter, sealed: Sealed, minutes: int) -> None:
    came = sealed("text__claim", at=NOW + timedelta(minutes=minutes))
    with pytest.raises(RejectedError, match="timestamp"):
        wecom.decode(replace(came, at=NOW))


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_a_missing_parameter_is_no_way_round(
    wecom: WeComAdapter, sealed: Sealed, name: str
) -> None:
    came = sealed("text__claim")
    query = {key: value for key, value in came.query.items() if key != name}
    for less in (query, {**query, name: ""}):
        with pytest.raises(RejectedError, match="parameters"):
            wecom.decode(replace(came, query=less))


def test_a_timestamp_of_letters_is_refused_even_when_signed(
    wecom: WeComAdapter, seal: Seal
) -> None:
    came = callback(seal, seal.sealed(b"<xml/>"))
    for timestamp in ("soon", "1e9", "9" * 40, "１７６７２２５６００"):
        encrypted = seal.sealed(b"<xml/>")
        query = {
            "msg_signature": seal.signature(timestamp, "n", encrypted),
            "timestamp": timestamp,
            "nonce": "n",
        }
        body = json.dumps({"encrypt": encrypted}).encode()
        with pytest.raises(RejectedError, match="timestamp"):
            wecom.decode(replace(came, query=query, body=body))


@pytest.mark.parametrize(
    "body",
    [b"", b"hello", b"<xml></xml>", b"<xml", b"{}", b'{"encrypt": 7}', b"[1]", b"\xff\xfe<"],
)
def test_a_body_without_a_sealed_part_is_refused(
    wecom: WeComAdapter, seal: Seal, body: bytes
) -> None:
    with pytest.raises(RejectedError) as refused:
        wecom.decode(callback(seal, "", body=body))
    assert refused.value.status == 400


def test_a_huge_body_is_refused_unread(wecom: WeComAdapter, seal: Seal) -> None:
    with pytest.raises(RejectedError) as refused:
        wecom.decode(callback(seal, "", body=b" " * (LARGEST_BODY + 1)))
    assert refused.value.status == 413


def test_other_methods_are_refused(wecom: WeComAdapter, sealed: Sealed) -> None:
    with pytest.raises(RejectedError) as refused:
        wecom.decode(replace(sealed("text__claim"), method="PUT"))
    assert refused.value.status == 405


def test_a_cut_ciphertext_signed_anew_is_refused(wecom: WeComAdapter, seal: Seal) -> None:
    with pytest.raises(RejectedError):
        wecom.decode(callback(seal, vectors.B.sealed[:40]))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_callback_raises_nothing_but_a_rejection(
    wecom: WeComAdapter, sealed: Sealed, data: st.DataObject
) -> None:
    came = sealed("template_card_event__choices")
    where = data.draw(st.sampled_from(["body", "msg_signature", "timestamp", "nonce"]))
    if where == "body":
        start = came.body.index(b"<Encrypt>") + len("<Encrypt><![CDATA[")
        at = data.draw(st.integers(start, len(came.body) - 22))
        byte = data.draw(st.integers(0, 255).filter(lambda b: b != came.body[at]))
        came = replace(came, body=came.body[:at] + bytes([byte]) + came.body[at + 1 :])
    else:
        wrong = data.draw(st.text(max_size=40).filter(lambda text: text != came.query[where]))
        came = replace(came, query={**came.query, where: wrong})
    with pytest.raises(RejectedError):
        wecom.decode(came)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300))
def test_any_bytes_raise_nothing_but_a_rejection(
    wecom: WeComAdapter, seal: Seal, body: bytes
) -> None:
    with pytest.raises(RejectedError):
        wecom.decode(callback(seal, "x", body=body))
    inner = wecom.decode(callback(seal, seal.sealed(body)))
    assert isinstance(inner, Event)


@pytest.mark.parametrize(
    ("field", "value"), [("aes_key", "short"), ("agent_id", "momentum"), ("agent_id", "")]
)
def test_a_setting_of_the_wrong_shape_is_named(field: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"MOMENTUM_WECOM__{field.upper()}"):
        WeComAdapter(
            replace(SETTINGS, **{field: value}),  # type: ignore[arg-type]
            app="main",
            tenant="acme",
            session=offline,  # type: ignore[arg-type]
        )


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_ciphertext_signed_anew_breaks_nothing(
    wecom: WeComAdapter, seal: Seal, data: st.DataObject
) -> None:
    message = (HERE / "payloads" / "template_card_event__choices.xml").read_bytes()
    raw = bytearray(base64.b64decode(seal.sealed(message)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        event = wecom.decode(callback(seal, base64.b64encode(raw).decode()))
    except RejectedError:
        return
    assert isinstance(event, Event)
