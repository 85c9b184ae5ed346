from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from dingtalk.crypto import DingTalkCrypto

from bot.adapter import Adapter, WireAnswer
from bot.event import Incoming, Kind

from . import desk
from .desk import NOW, SETTINGS, later, payload, read

Seal = Callable[..., Incoming]


def test_a_contact_event(shop: Adapter) -> None:
    event = read(shop, desk.event(payload("event__user_leave")))
    assert (event.kind, event.text, event.key) == (Kind.NOTICE, "user_leave_org", "e-0001")
    assert (event.person, event.origin["userid"]) == ("manager01", "staff01,staff02")
    assert event.at == NOW


@pytest.mark.parametrize(
    ("what", "fields", "facts"),
    [
        ("user_add_org", {"userId": ["a", "b"]}, {"change_type": "created", "user": "a,b"}),
        ("user_active_org", {"userId": ["a"]}, {"change_type": "updated", "user": "a"}),
        ("user_modify_org", {"UserId": ["a"]}, {"change_type": "updated", "user": "a"}),
        ("user_leave_org", {"userId": ["a"]}, {"change_type": "deleted", "user": "a"}),
        ("org_dept_create", {"deptId": [7, 8]}, {"change_type": "created", "departments": "7,8"}),
        ("org_dept_modify", {"deptId": [7]}, {"change_type": "updated", "departments": "7"}),
        ("org_dept_remove", {"deptId": ["7"]}, {"change_type": "deleted", "departments": "7"}),
        ("attend_shift_change", {"userId": "a"}, {}),
    ],
)
def test_contact_changes_in_common_words(
    shop: Adapter, what: str, fields: dict[str, Any], facts: dict[str, str]
) -> None:
    event = read(shop, desk.event({"EventType": what, "eventId": "e-1", **fields}))
    assert (event.kind, event.text) == (Kind.NOTICE, what)
    shared = ("change_type", "user", "departments")
    assert {name: event.origin[name] for name in shared if name in event.origin} == facts


def test_a_group_event(shop: Adapter) -> None:
    event = read(shop, desk.event(payload("event__chat_add_member")))
    assert (event.kind, event.text, event.chat) == (Kind.NOTICE, "chat_add_member", "cidGroup01==")
    assert (event.person, event.origin["userid"]) == ("manager01", "staff01,staff02")


def test_an_event_of_no_kind_is_kept_and_nobody_is_answered(shop: Adapter) -> None:
    event = read(shop, desk.event({"staffId": "staff01", "CorpId": SETTINGS.corp_id}))
    assert (event.kind, event.person, event.origin["staffid"]) == (Kind.UNKNOWN, "", "staff01")


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
