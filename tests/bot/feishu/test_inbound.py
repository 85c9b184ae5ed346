from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.event import Event, Incoming, Kind
from bot.feishu.adapter import FeishuAdapter
from tests.bot.feishu.seal import NOW, PAYLOADS, payload, signed, wrapped

Sealed = Callable[[str], Incoming]
MESSAGE = "im.message.receive_v1__"
PRESS = "card.action.trigger__"
PRESSED = {"token": "c-7", "message": "om_9", "chat": "oc_5ad1"}

EXPECTED: dict[str, dict[str, Any] | None] = {
    f"{MESSAGE}text_p2p": {
        "kind": Kind.MESSAGE,
        "text": "领取 17",
        "key": "om_1",
        "person": "ou_lina",
        "chat": "",
        "origin": {"message": "om_1", "chat": "oc_5ad1"},
    },
    f"{MESSAGE}text_group": {
        "kind": Kind.MESSAGE,
        "text": "转交 17 赵敏",
        "key": "om_2",
        "chat": "oc_5ad1",
        "origin": {"message": "om_2", "chat": "oc_5ad1", "mentions": "ou_zhao"},
    },
    f"{MESSAGE}text_old_client": {"kind": Kind.MESSAGE, "text": "帮助"},
    f"{MESSAGE}post": {"kind": Kind.MESSAGE, "text": "拜访记录\n客户<华东>\n报价单[图片]"},
    f"{MESSAGE}post_locale": {"kind": Kind.MESSAGE, "text": "领取 17"},
    f"{MESSAGE}image": {
        "kind": Kind.UNKNOWN,
        "text": "[图片]",
        "key": "om_6",
        "origin": {
            "message": "om_6",
            "chat": "oc_5ad1",
            "content": "image",
            "image_key": "img_1",
        },
    },
    f"{MESSAGE}audio": {
        "kind": Kind.UNKNOWN,
        "text": "[语音]",
        "origin": {
            "message": "om_7",
            "chat": "oc_5ad1",
            "content": "audio",
            "file_key": "file_1",
            "duration": "2300",
        },
    },
    f"{MESSAGE}file": {
        "kind": Kind.UNKNOWN,
        "text": "[文件] 报价单.xlsx",
        "origin": {
            "message": "om_11",
            "chat": "oc_5ad1",
            "content": "file",
            "file_key": "file_v3_1",
            "file_name": "报价单.xlsx",
        },
    },
    f"{MESSAGE}media": {
        "kind": Kind.UNKNOWN,
        "text": "[视频] 门店.mp4",
        "origin": {
            "message": "om_12",
            "chat": "oc_5ad1",
            "content": "media",
            "file_key": "file_v3_2",
            "image_key": "img_v3_2",
            "file_name": "门店.mp4",
            "duration": "4000",
        },
    },
    f"{MESSAGE}sticker": {"kind": Kind.UNKNOWN, "text": "[表情]"},
    f"{MESSAGE}location": {
        "kind": Kind.UNKNOWN,
        "text": "[位置] 华东医院",
        "origin": {
            "message": "om_14",
            "chat": "oc_5ad1",
            "content": "location",
            "name": "华东医院",
            "longitude": "121.44",
            "latitude": "31.21",
        },
    },
    f"{MESSAGE}share_user": {"kind": Kind.UNKNOWN, "text": "[个人名片]"},
    f"{MESSAGE}share_chat": {"kind": Kind.UNKNOWN, "text": "[群名片]"},
    f"{MESSAGE}merge_forward": {"kind": Kind.UNKNOWN, "text": "[聊天记录]"},
    f"{MESSAGE}card": {"kind": Kind.UNKNOWN, "text": "[卡片] 审批通知"},
    f"{MESSAGE}new_kind": {"kind": Kind.UNKNOWN, "text": "[消息]"},
    f"{MESSAGE}torn": {"kind": Kind.UNKNOWN, "text": "[文字]", "key": "om_10"},
    f"{MESSAGE}bot": None,
    f"{PRESS}claim": {
        "kind": Kind.PRESS,
        "text": "领取 17",
        "key": "e-20",
        "person": "ou_lina",
        "chat": "oc_5ad1",
        "form": {},
        "origin": PRESSED,
    },
    f"{PRESS}claim_p2p": {"text": "领取 17", "chat": "", "origin": PRESSED},
    f"{PRESS}form": {
        "kind": Kind.PRESS,
        "text": "改派 17 v3",
        "form": {
            "rep": "ou_zhao",
            "why": "客户在华东",
            "days": "周一,周二",
            "until": "2026-03-09",
            "urgent": "true",
            "empty": "",
        },
    },
    f"{PRESS}pick": {
        "text": "派单 17",
        "form": {
            "who": "ou_zhao",
            "day": "2026-03-02",
            "at": "09:30",
            "when": "2026-03-02 09:30",
        },
    },
    f"{PRESS}input_alone": {"text": "备注 17", "form": {"why": "已电话"}},
    f"{PRESS}select_alone": {"text": "评级 17", "form": {"select_static": "A"}},
    f"{PRESS}context_outside": {"text": "领取 17", "chat": "oc_5ad1", "origin": PRESSED},
    f"{PRESS}no_token": {"text": "领取 17", "form": {}},
    "application.bot.menu_v6__help": {
        "kind": Kind.MESSAGE,
        "text": "帮助",
        "person": "ou_lina",
        "chat": "",
        "key": "e-30",
    },
    "im.chat.access_event.bot_p2p_chat_entered_v1__open": {
        "kind": Kind.ENTER,
        "person": "ou_lina",
        "chat": "",
        "origin": {"chat": "oc_p2p"},
    },
    "im.chat.member.bot.added_v1__group": {
        "kind": Kind.ENTER,
        "person": "ou_lina",
        "chat": "oc_5ad1",
    },
    "p2p_chat_create__first": {"kind": Kind.ENTER, "person": "ou_lina", "chat": "", "key": "u-1"},
    "approval_instance__reverted": {
        "kind": Kind.NOTICE,
        "text": "approval_instance",
        "key": "u-2",
        "person": "",
        "origin": {
            "type": "approval_instance",
            "approval_code": "A-1",
            "instance_code": "I-1",
            "status": "REVERTED",
            "operate_time": "1772413200000",
            "instance_operate_time": "1772413200000",
            "uuid": "quote-88",
        },
    },
    "contact.user.updated_v3__resigned": {
        "kind": Kind.NOTICE,
        "text": "contact.user.updated_v3",
        "person": "",
        "origin": {
            "type": "contact.user.updated_v3",
            "object.open_id": "ou_zhao",
            "object.union_id": "on_zhao",
            "object.name": "赵敏",
            "object.status.is_frozen": "false",
            "object.status.is_resigned": "true",
            "old_object.status.is_resigned": "false",
            "old_object.department_ids": "od_1,od_2",
            "change_type": "updated",
            "user": "ou_zhao",
            "name": "赵敏",
            "mobile": "13800000000",
            "active": "false",
        },
    },
    "contact.user.created_v3__hired": {
        "kind": Kind.NOTICE,
        "origin": {
            "type": "contact.user.created_v3",
            "object.open_id": "ou_wang",
            "object.union_id": "on_wang",
            "object.name": "王芳",
            "object.department_ids": "od_3",
            "object.status.is_activated": "true",
            "object.status.is_resigned": "false",
            "change_type": "created",
            "user": "ou_wang",
            "name": "王芳",
            "mobile": "13900000000",
            "departments": "od_3",
        },
    },
    "contact.user.deleted_v3__left": {
        "kind": Kind.NOTICE,
        "origin": {
            "type": "contact.user.deleted_v3",
            "object.open_id": "ou_wang",
            "object.name": "王芳",
            "old_object.open_id": "ou_wang",
            "old_object.status.is_resigned": "true",
            "old_object.department_ids": "od_3,od_4",
            "change_type": "deleted",
            "user": "ou_wang",
            "name": "王芳",
            "departments": "od_3,od_4",
            "active": "false",
        },
    },
    "contact.department.updated_v3__renamed": {
        "kind": Kind.NOTICE,
        "origin": {
            "type": "contact.department.updated_v3",
            "object.department_id": "d3",
            "object.open_department_id": "od_3",
            "object.parent_department_id": "0",
            "object.name": "华东一部",
            "old_object.name": "华东",
            "change_type": "updated",
            "department": "od_3",
            "name": "华东一部",
        },
    },
    "contact.scope.updated_v3__widened": {
        "kind": Kind.NOTICE,
        "origin": {
            "type": "contact.scope.updated_v3",
            "change_type": "updated",
            "added": "ou_wang,ou_zhao",
        },
    },
    "im.chat.member.bot.deleted_v1__gone": {"kind": Kind.NOTICE, "person": "ou_lina"},
    "im.message.message_read_v1__read": {"kind": Kind.NOTICE, "person": "ou_lina"},
    "drive.file.edit_v1__unknown": {"kind": Kind.UNKNOWN, "text": "drive.file.edit_v1"},
}


def test_every_payload_has_its_expectation() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_payload_becomes_what_it_means(feishu: FeishuAdapter, sealed: Sealed, name: str) -> None:
    expected, event = EXPECTED[name], feishu.decode(sealed(name))
    if expected is None:
        assert event is None
        return
    assert isinstance(event, Event)
    assert {field: getattr(event, field) for field in expected} == expected
    assert (event.platform, event.app, event.tenant) == ("feishu", "main", "acme")
    assert event.at.replace(microsecond=0) == NOW
    assert Event.from_json(json.loads(json.dumps(event.to_json()))) == event


def changed(name: str, change: Callable[[dict[str, Any]], None]) -> Incoming:
    data = payload(name)
    change(data)
    return signed(wrapped(json.dumps(data).encode()))


def test_a_person_without_an_open_id_is_known_by_the_next_best(feishu: FeishuAdapter) -> None:
    def drop(data: dict[str, Any]) -> None:
        del data["event"]["operator"]["open_id"]

    event = feishu.decode(changed(f"{PRESS}claim", drop))
    assert isinstance(event, Event)
    assert event.person == "on_lina"


def test_ten_mentions_do_not_eat_each_other(feishu: FeishuAdapter) -> None:
    def mention(data: dict[str, Any]) -> None:
        message = data["event"]["message"]
        message["content"] = json.dumps({"text": "换班 @_user_1 @_user_10 @_all @_user_99"})
        message["mentions"] = [
            {"key": "@_user_1", "id": {"open_id": "ou_a"}, "name": "甲", "mentioned_type": "user"},
            {"key": "@_user_10", "id": {"open_id": "ou_b"}, "name": "乙", "mentioned_type": "user"},
        ]

    event = feishu.decode(changed(f"{MESSAGE}text_group", mention))
    assert isinstance(event, Event)
    assert event.text == "换班 甲 乙 @_all @_user_99"
    assert event.origin["mentions"] == "ou_a,ou_b"


def test_half_characters_and_nul_do_not_reach_the_database(feishu: FeishuAdapter) -> None:
    def spoil(data: dict[str, Any]) -> None:
        data["event"]["message"]["content"] = '{"text":"a\\ud800b\\u0000c"}'

    event = feishu.decode(changed(f"{MESSAGE}text_p2p", spoil))
    assert isinstance(event, Event)
    assert event.text == "a?bc"
