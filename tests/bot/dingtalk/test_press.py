from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.adapter import Adapter, Inline, RejectedError
from bot.event import Event, Incoming, Kind
from cards.card import Card, Fields

from . import desk
from .desk import NOW, SETTINGS, later, payload, read

Seal = Callable[..., Incoming]


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


@pytest.mark.parametrize(
    ("came", "day"),
    [
        ("2026-03-05", "2026-03-05"),
        (1772640000000, "2026-03-05"),
        ({"value": 1772640000000}, "2026-03-05"),
        ("1772640000000", "1772640000000"),
        (13800000000, "13800000000"),
    ],
)
def test_a_day_is_text_however_it_comes(shop: Adapter, came: object, day: str) -> None:
    form = {"command": "拜访 17", "day": came}
    content = {"cardPrivateData": {"actionIds": ["form"], "params": {"form": form}}}
    body = {**payload("card__form"), "content": json.dumps(content)}
    assert read(shop, desk.card(body)).form == {"day": day}


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
