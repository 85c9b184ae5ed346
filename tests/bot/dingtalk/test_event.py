from __future__ import annotations

import json
from collections.abc import Callable

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
