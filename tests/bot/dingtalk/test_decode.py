from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from dingtalk.crypto import DingTalkCrypto
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from bot.adapter import Adapter, Inline, RejectedError, WireAnswer
from bot.dingtalk.adapter import DingTalkAdapter
from bot.event import Event, Incoming, Kind
from cards.card import Card, Fields

from . import conftest as desk
from .conftest import NOW, SETTINGS, later, payload

Seal = Callable[..., Incoming]


def read(shop: Adapter, incoming: Incoming) -> Event:
    event = shop.decode(incoming)
    assert isinstance(event, Event)
    return event


def test_a_typed_message(shop: Adapter) -> None:
    event = read(shop, desk.robot(payload("robot__text")))
    assert (event.kind, event.text, event.person, event.chat) == (
        Kind.MESSAGE,
        "领取 17",
        "staff01",
        "",
    )
    assert (event.platform, event.app, event.tenant) == ("dingtalk", "main", "shop")
    assert (event.key, event.at) == ("msgEaxample0001==", NOW)
    assert event.origin["session_webhook"].startswith("https://oapi.dingtalk.com/robot/")
    assert event.origin["session_webhook_until"] == "1772418600000"


def test_a_group_message_with_its_time_as_text(shop: Adapter) -> None:
    event = read(shop, desk.robot(payload("robot__text_group")))
    assert (event.text, event.chat, event.at) == ("排班 下周", "cidGroup01==", NOW)


@pytest.mark.parametrize(
    ("name", "kind", "text", "extra"),
    [
        ("robot__text_top_level", Kind.MESSAGE, "帮助", {}),
        ("robot__rich_text", Kind.MESSAGE, "客户说 价格太高", {"download_code": "dc01"}),
        ("robot__rich_text_pictures", Kind.UNKNOWN, "〔图片〕", {"download_code": "dc01,dc02"}),
        ("robot__picture", Kind.UNKNOWN, "〔图片〕", {"download_code": "dc01"}),
        ("robot__audio", Kind.MESSAGE, "我的班次", {"said": "true"}),
        ("robot__audio_unheard", Kind.UNKNOWN, "〔语音〕", {"download_code": "dc02"}),
        ("robot__video", Kind.UNKNOWN, "〔视频〕", {"download_code": "dc03"}),
        ("robot__file", Kind.UNKNOWN, "〔文件：报价.xlsx〕", {"download_code": "dc04"}),
        ("robot__unknown", Kind.UNKNOWN, "〔暂不支持的消息类型〕", {"msgtype": "unknownMsgType"}),
        ("robot__over_quota", Kind.NOTICE, "over_quota", {}),
    ],
)
def test_every_kind_of_message(
    shop: Adapter, name: str, kind: Kind, text: str, extra: dict[str, str]
) -> None:
    event = read(shop, desk.robot(payload(name)))
    assert (event.kind, event.text) == (kind, text)
    assert extra.items() <= event.origin.items()


def test_somebody_from_outside_has_a_name_and_no_id(shop: Adapter) -> None:
    event = read(shop, desk.robot(payload("robot__outsider")))
    assert (event.kind, event.person, event.origin["nick"]) == (Kind.MESSAGE, "", "陈店员")


@pytest.mark.parametrize(
    "url",
    [
        "http://oapi.dingtalk.com/robot/x",
        "https://evil.example/robot/x",
        "https://dingtalk.com.evil.example/",
        "https://oapi.dingtalk.com@evil.example/",
        "https://[bad",
        "",
        7,
    ],
)
def test_a_webhook_elsewhere_is_forgotten(shop: Adapter, url: object) -> None:
    event = read(shop, desk.robot({**payload("robot__text"), "sessionWebhook": url}))
    assert "session_webhook" not in event.origin


def test_an_encrypted_robot_body(shop: Adapter) -> None:
    kit = DingTalkCrypto(SETTINGS.token, SETTINGS.aes_key, SETTINGS.app_key)
    sealed = kit.encrypt_message(desk.raw(payload("robot__text")).decode(), "n", "1")
    assert read(shop, desk.robot({"encrypt": sealed["encrypt"]})).text == "领取 17"


def test_a_redelivery_has_the_same_key(shop: Adapter) -> None:
    first = read(shop, desk.robot(payload("robot__text")))
    again = read(shop, desk.robot(payload("robot__text"), at=later(seconds=60)))
    assert first.key == again.key


@pytest.mark.parametrize(
    ("incoming", "check"),
    [
        (desk.robot(payload("robot__text"), secret="guess"), "signature"),
        (desk.robot(payload("robot__text"), at=later(seconds=3600.001)), "timestamp"),
        (desk.robot(payload("robot__text"), at=later(seconds=-3600.001)), "timestamp"),
        (desk.robot({**payload("robot__text"), "chatbotCorpId": "dingOther"}), "receiver"),
        (desk.robot({**payload("robot__text"), "robotCode": "dingOther"}), "receiver"),
        (desk.robot(b"not json"), "json"),
        (desk.robot(b"[]"), "json"),
        (desk.robot(b"[" * 200_000), "json"),
        (desk.robot(b"\xff\xfe"), "json"),
        (desk.card(payload("card__button"), secret="guess"), "signature"),
        (desk.card(payload("card__button"), at=later(seconds=300.001)), "timestamp"),
        (desk.card({**payload("card__button"), "corpId": "dingOther"}), "receiver"),
        (desk.card(b"null"), "json"),
        (desk.event(payload("event__user_leave"), owner="dingOther"), "receiver"),
        (desk.event(payload("event__user_leave"), at=later(hours=2)), "timestamp"),
        (desk.event({**payload("event__user_leave"), "CorpId": "dingOther"}), "receiver"),
        (desk.event(b"no json"), "json"),
        (replace(desk.robot({}), method="GET"), "method"),
        (replace(desk.robot({}), route="stream"), "route"),
    ],
)
def test_what_is_refused(shop: Adapter, incoming: Incoming, check: str) -> None:
    with pytest.raises(RejectedError) as caught:
        shop.decode(incoming)
    assert caught.value.check == check


@pytest.mark.parametrize("sealed", [desk.robot, desk.card])
def test_a_missing_header_is_no_way_round(shop: Adapter, sealed: Seal) -> None:
    came = sealed(payload("robot__text"))
    for header in came.headers:
        headers = CIMultiDict({k: v for k, v in came.headers.items() if k != header})
        with pytest.raises(RejectedError):
            shop.decode(replace(came, headers=headers))


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce"])
def test_a_changed_query_is_refused(shop: Adapter, name: str) -> None:
    came = desk.event(payload("event__user_leave"))
    query = dict(came.query)
    query.pop("msg_signature")
    shop.decode(replace(came, query=query))
    for value in ("", "x", query[name] + "0"):
        with pytest.raises(RejectedError):
            shop.decode(replace(came, query={**query, name: value}))


def test_missing_keys_close_the_doors() -> None:
    bare = desk.adapter(replace(SETTINGS, app_secret="", token="", aes_key="", card_api_secret=""))
    for incoming, check in (
        (desk.robot({}), "app secret not configured"),
        (desk.event({}), "event keys not configured"),
        (desk.card({}), "card secret not configured"),
    ):
        with pytest.raises(RejectedError) as caught:
            bare.decode(incoming)
        assert caught.value.check == check


def test_the_window_can_only_be_shortened() -> None:
    old = desk.robot(payload("robot__text"), at=later(minutes=-30))
    assert desk.adapter(replace(SETTINGS, replay_seconds=999_999)).decode(old)
    with pytest.raises(RejectedError):
        desk.adapter(replace(SETTINGS, replay_seconds=300)).decode(old)


def test_a_contact_event(shop: Adapter) -> None:
    event = read(shop, desk.event(payload("event__user_leave")))
    assert (event.kind, event.text, event.key) == (Kind.NOTICE, "user_leave_org", "e-0001")
    assert (event.person, event.origin["userid"]) == ("manager01", "staff01,staff02")
    assert event.at == NOW


def test_an_event_with_details(shop: Adapter) -> None:
    event = read(shop, desk.event(payload("event__attendance")))
    assert json.loads(event.origin["datalist"])[0]["address"] == "杭州市西湖区门店一号"


def test_an_event_without_an_id_is_known_by_its_content(shop: Adapter) -> None:
    first = read(shop, desk.event(payload("event__no_id")))
    again = read(shop, desk.event(payload("event__no_id"), at=later(seconds=10)))
    assert first.key == again.key
    assert len(first.key) == 64


def opened(answer: WireAnswer) -> str:
    body = json.loads(answer.body)
    kit = DingTalkCrypto(SETTINGS.token, SETTINGS.aes_key, SETTINGS.app_key)
    assert set(body) == {"msg_signature", "timeStamp", "nonce", "encrypt"}
    assert isinstance(body["timeStamp"], str)
    text = kit.decrypt_message(body, body["msg_signature"], body["timeStamp"], body["nonce"])
    return str(text)


def test_the_console_checks_our_address(shop: Adapter) -> None:
    answer = shop.decode(desk.event(payload("event__check_url")))
    assert isinstance(answer, WireAnswer)
    assert opened(answer) == "success"


def test_every_event_is_answered_with_success(shop: Adapter) -> None:
    incoming = desk.event(payload("event__user_leave"))
    assert opened(shop.answer(incoming, read(shop, incoming), None)) == "success"


def test_a_pressed_button(shop: Adapter) -> None:
    event = read(shop, desk.card(payload("card__button")))
    assert (event.kind, event.text, event.person) == (Kind.PRESS, "接手 17 v3", "staff01")
    assert (event.chat, event.origin["message"], event.at) == ("", "d-17", NOW)


def test_a_sent_form(shop: Adapter) -> None:
    event = read(shop, desk.card(payload("card__form")))
    assert event.text == "改派 17 v3"
    assert event.form == {
        "rep": "7",
        "days": "周一,周三",
        "why": "休假",
        "sure": "true",
        "count": "2",
    }


def test_params_in_the_other_places(shop: Adapter) -> None:
    assert read(shop, desk.card(payload("card__params_beside"))).text == "签到"
    event = read(shop, desk.card(payload("card__value_only")))
    assert (event.text, event.chat) == ("签到", "cidGroup01==")


def test_a_press_that_says_nothing_is_kept(shop: Adapter) -> None:
    assert read(shop, desk.card(payload("card__no_command"))).kind is Kind.UNKNOWN


def test_a_request_for_dynamic_data_is_no_press(shop: Adapter) -> None:
    incoming = desk.card(payload("card__dynamic_data"))
    assert shop.decode(incoming) is None
    assert json.loads(shop.answer(incoming, None, None).body) == {"dataSourceQueryResponses": []}


def key_at(shop: Adapter, name: str, seconds: float, **changes: Any) -> str:
    body = {**payload(name), **changes}
    return read(shop, desk.card(body, at=later(seconds=seconds))).key


def test_a_double_click_is_one_press(shop: Adapter) -> None:
    assert key_at(shop, "card__params_beside", 0) == key_at(shop, "card__params_beside", 1.9)
    assert key_at(shop, "card__button", 0) == key_at(shop, "card__button", 59)


def test_a_later_press_is_another(shop: Adapter) -> None:
    assert key_at(shop, "card__params_beside", 0) != key_at(shop, "card__params_beside", 2)
    assert key_at(shop, "card__button", 0) != key_at(shop, "card__button", 60)


def test_another_person_or_card_is_another_press(shop: Adapter) -> None:
    mine = key_at(shop, "card__button", 0)
    assert mine != key_at(shop, "card__button", 0, userId="staff02")
    assert mine != key_at(shop, "card__button", 0, outTrackId="d-18")


def test_without_a_card_secret_one_is_made_from_the_app_secret() -> None:
    quiet = desk.adapter(replace(SETTINGS, card_api_secret=""))
    made = quiet._card_secret
    assert len(made) == 32
    assert isinstance(quiet.decode(desk.card(payload("card__button"), secret=made)), Event)
    with pytest.raises(RejectedError):
        quiet.decode(desk.card(payload("card__button"), secret=""))


def test_a_message_is_answered_with_silence(shop: Adapter) -> None:
    answer = shop.answer(desk.robot({}), None, None)
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(answer.body) == {"msgtype": "empty"}


def test_a_press_is_answered_with_the_new_card_and_a_tip(shop: Adapter) -> None:
    incoming = desk.card(payload("card__button"))
    event = read(shop, incoming)
    done = Card("已接手", (Fields((("负责人", "李娜"),)),), ref="fuse:17")
    body = json.loads(shop.answer(incoming, event, Inline(done, "已由你接手")).body)
    assert body["cardUpdateOptions"] == {
        "updateCardDataByKey": True,
        "updatePrivateDataByKey": True,
    }
    assert body["userPrivateData"] == {"cardParamMap": {"tip": "已由你接手"}}
    values = body["cardData"]["cardParamMap"]
    assert (values["title"], values["has_buttons"]) == ("已接手", "false")
    assert all(isinstance(value, str) for value in values.values())


def test_a_press_answered_later_changes_nothing_now(shop: Adapter) -> None:
    incoming = desk.card(payload("card__button"))
    body = json.loads(shop.answer(incoming, read(shop, incoming), None).body)
    assert list(body) == ["cardUpdateOptions"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=4), inside),
    max_leaves=6,
)


SEALED: list[tuple[Seal, str]] = [
    (desk.robot, "robot__text"),
    (desk.robot, "robot__rich_text"),
    (desk.robot, "robot__file"),
    (desk.card, "card__form"),
    (desk.event, "event__attendance"),
]


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_shape_is_an_event_or_refused(data: st.DataObject) -> None:
    shop = desk.adapter()
    sealed, name = data.draw(st.sampled_from(SEALED))
    body = payload(name)
    for field in data.draw(st.sets(st.sampled_from(sorted(body)), max_size=4)):
        body[field] = data.draw(ANYTHING)
    try:
        event = shop.decode(sealed(json.dumps(body).encode()))
    except RejectedError:
        return
    if isinstance(event, Event):
        assert Event.from_json(json.loads(json.dumps(event.to_json()).encode())) == event
        event.text.encode()


@given(st.binary(max_size=64), st.sampled_from(["robot", "event", "card", ""]))
@settings(max_examples=50, deadline=None)
def test_noise_is_refused(noise: bytes, route: str) -> None:
    shop: DingTalkAdapter = desk.adapter()
    with pytest.raises(RejectedError):
        shop.decode(Incoming("POST", route, {}, CIMultiDict(), noise, NOW))
