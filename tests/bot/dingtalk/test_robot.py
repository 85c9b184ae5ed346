from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from dingtalk.crypto import DingTalkCrypto

from bot.adapter import Adapter
from bot.event import Incoming, Kind

from . import desk
from .desk import NOW, SETTINGS, later, payload, read

Seal = Callable[..., Incoming]


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
        ("robot__rich_text_pictures", Kind.UNKNOWN, "[图片]", {"download_code": "dc01,dc02"}),
        ("robot__picture", Kind.UNKNOWN, "[图片]", {"download_code": "dc01"}),
        ("robot__audio", Kind.MESSAGE, "我的班次", {"said": "true"}),
        ("robot__audio_unheard", Kind.UNKNOWN, "[语音]", {"download_code": "dc02"}),
        ("robot__video", Kind.UNKNOWN, "[视频]", {"download_code": "dc03"}),
        ("robot__file", Kind.UNKNOWN, "[文件] 报价.xlsx", {"file_name": "报价.xlsx"}),
        ("robot__unknown", Kind.UNKNOWN, "[暂不支持的消息类型]", {"msgtype": "unknownMsgType"}),
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


def test_a_message_is_answered_with_silence(shop: Adapter) -> None:
    answer = shop.answer(desk.robot({}), None, None)
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(answer.body) == {"msgtype": "empty"}
