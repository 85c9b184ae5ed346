"""What a self-built app is told besides words and presses."""

from __future__ import annotations

import pytest

from bot.event import Event, Kind
from bot.wecom.adapter import WeComAdapter
from tests.bot.wecom.conftest import Sealed


def read(wecom: WeComAdapter, sealed: Sealed, payload: str) -> Event:
    event = wecom.decode(sealed(payload))
    assert isinstance(event, Event)
    assert Event.from_json(event.to_json()) == event
    return event


@pytest.mark.parametrize(
    ("payload", "text", "facts"),
    [
        ("image", "[图片]", {"media_id": "MEDIA-2", "pic_url": "https://example.com/1.jpg"}),
        ("voice__plain", "[语音]", {"format": "amr"}),
        ("file", "[文件] 报价单.xlsx", {"media_id": "MEDIA-3", "file_name": "报价单.xlsx"}),
        ("video", "[视频]", {"media_id": "MEDIA-4", "thumb_media_id": "THUMB-4"}),
        ("message_location", "[位置] 天河路 385 号", {"latitude": "23.134", "scale": "20"}),
        ("link", "[链接] 招标公告 https://example.com/bid", {"description": "三月开标"}),
    ],
)
def test_a_message_that_is_no_text_says_what_it_is(
    wecom: WeComAdapter, sealed: Sealed, payload: str, text: str, facts: dict[str, str]
) -> None:
    event = read(wecom, sealed, payload)
    assert (event.kind, event.text, event.person) == (Kind.UNKNOWN, text, "lina")
    assert facts.items() <= event.origin.items()


def test_a_recognised_voice_is_said_and_can_be_heard(wecom: WeComAdapter, sealed: Sealed) -> None:
    event = read(wecom, sealed, "voice__recognised")
    assert (event.kind, event.text) == (Kind.MESSAGE, "新建客户 张三")
    assert event.origin["media_id"] == "MEDIA-1"


def test_a_menu_link_is_noticed(wecom: WeComAdapter, sealed: Sealed) -> None:
    event = read(wecom, sealed, "view")
    assert (event.kind, event.person) == (Kind.NOTICE, "lina")
    assert event.origin["event_key"] == "https://crm.example.com/h5"


@pytest.mark.parametrize(
    ("payload", "facts"),
    [
        (
            "change_contact__create_user",
            {
                "change_type": "create_user",
                "user": "zhaomin",
                "name": "赵敏",
                "mobile": "13800000000",
                "departments": "1,2",
                "main_department": "2",
                "status": "1",
            },
        ),
        (
            "change_contact__update_user",
            {"change_type": "update_user", "user": "lina", "new_user": "lina2"},
        ),
        ("change_contact__delete_user", {"change_type": "delete_user", "user": "zhaomin"}),
        (
            "change_contact__create_party",
            {"change_type": "create_party", "department": "7", "name": "华东区", "parent": "1"},
        ),
        ("change_contact__update_party", {"department": "7", "name": "华东大区"}),
        ("change_contact__delete_party", {"change_type": "delete_party", "department": "7"}),
        (
            "change_external_contact__add",
            {
                "change_type": "add_external_contact",
                "user": "lina",
                "external_user": "wmAAAA",
                "state": "store-3",
            },
        ),
        ("change_external_contact__deleted", {"change_type": "del_follow_user"}),
        ("change_external_contact__transferred", {"source": "DELETE_BY_TRANSFER"}),
        ("change_external_contact__transfer_fail", {"fail_reason": "customer_refused"}),
        ("kf_msg_or_event", {"token": "KFTOKEN", "open_kfid": "wkAAAA"}),
    ],
)
def test_a_notice_brings_its_facts(
    wecom: WeComAdapter, sealed: Sealed, payload: str, facts: dict[str, str]
) -> None:
    event = read(wecom, sealed, payload)
    assert (event.kind, event.person) == (Kind.NOTICE, "")
    assert facts.items() <= event.origin.items()
    assert all(name == name.lower() for name in event.origin)
