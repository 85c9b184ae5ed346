from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import HealthCheck, given, settings

from bot.adapter import Inline, WireAnswer
from bot.emulator.wecom_check import check_passive_card
from bot.emulator.wecom_seal import card_of
from bot.event import Event
from bot.wecom.adapter import WeComAdapter
from cards.card import Button, Card, Tone
from tests.bot.wecom import cards, vectors
from tests.bot.wecom.conftest import SETTINGS, Sealed
from tests.bot.wecom.test_crypto import oracle

PRESS, MENU, TEXT = "template_card_event__take_over", "template_card_menu_event", "text__claim"


def said(wecom: WeComAdapter, sealed: Sealed, payload: str, inline: Inline | None) -> WireAnswer:
    came = sealed(payload)
    event = wecom.decode(came)
    assert isinstance(event, Event)
    return wecom.answer(came, event, inline)


def opened(answer: WireAnswer) -> Element:
    """Read a passive reply with the vendor's library, as WeCom would."""
    outer = fromstring(answer.body)
    found = {child.tag: child.text for child in outer}
    plain = oracle().decrypt_message(
        {"Encrypt": found["Encrypt"]},
        found["MsgSignature"],
        found["TimeStamp"],
        found["Nonce"],
    )
    root: Element = fromstring(plain)
    return root


def test_nothing_to_say_is_an_empty_200(wecom: WeComAdapter, sealed: Sealed) -> None:
    for payload, inline in (
        (PRESS, None),
        (PRESS, Inline()),
        (TEXT, Inline(card=cards.DECISION)),
        ("enter_agent", Inline(toast="你好")),
    ):
        assert said(wecom, sealed, payload, inline) == WireAnswer(200, b"", "text/plain")
    assert wecom.answer(sealed(TEXT), None, Inline(toast="x")) == WireAnswer()


@pytest.mark.parametrize("payload", [PRESS, MENU])
def test_a_press_changes_the_pressers_own_card(
    wecom: WeComAdapter, sealed: Sealed, payload: str
) -> None:
    reply = opened(said(wecom, sealed, payload, Inline(cards.DECIDED, "已批准")))
    assert reply.findtext("MsgType") == "update_template_card"
    assert reply.findtext("FromUserName") == SETTINGS.corp_id == vectors.G2.receiver
    assert reply.findtext("ToUserName") in ("LiNa", "lina")
    assert reply.findtext("CreateTime") == "1767225600"
    card = reply.find("TemplateCard")
    assert card is not None
    assert card.findtext("CardType") == "button_interaction"
    assert card.findtext("MainTitle/Title") == "折扣审批 · 已批准"
    assert card.findtext("HorizontalContentList/KeyName") == "批准人"
    assert card.findtext("Source/DescColor") == "3"
    assert card.findtext("ReplaceText") == "已处理"


def test_lists_are_repeated_and_selects_spelt_their_way(
    wecom: WeComAdapter, sealed: Sealed
) -> None:
    card = opened(said(wecom, sealed, PRESS, Inline(cards.EVERYTHING))).find("TemplateCard")
    assert card is not None
    assert [b.findtext("Key") for b in card.findall("ButtonList")] == [
        "接手 17 v3",
        "改派 17",
        "误报 17",
    ]
    assert [o.findtext("Id") for o in card.findall("ButtonSelection/OptionList")] == ["7", "8"]
    assert card.findtext("CardAction/Url") == "https://crm.example.com/h5/leads/17"
    assert card.findtext("QuoteArea/QuoteText")
    lists = opened(said(wecom, sealed, PRESS, Inline(cards.REASSIGN))).find("TemplateCard")
    assert lists is not None
    assert [s.findtext("QuestionKey") for s in lists.findall("SelectList")] == ["rep", "day"]
    assert lists.findtext("SubmitButton/Key") == "改派 17"


def test_words_cannot_end_their_cdata(wecom: WeComAdapter, sealed: Sealed) -> None:
    card = Card("a]]></Title>&<b>", buttons=(Button("好", "好"),))
    reply = opened(said(wecom, sealed, PRESS, Inline(card)))
    assert reply.findtext("TemplateCard/MainTitle/Title") == "a]]></Title>&<b>"


def test_a_toast_takes_the_buttons_place(wecom: WeComAdapter, sealed: Sealed) -> None:
    reply = opened(said(wecom, sealed, PRESS, Inline(toast="已由 李娜 领取")))
    assert reply.findtext("MsgType") == "update_button"
    assert reply.findtext("Button/ReplaceName") == "已由 李娜 领取"


@pytest.mark.parametrize("payload", [PRESS, MENU])
def test_a_warning_leaves_the_buttons_for_another_try(
    wecom: WeComAdapter, sealed: Sealed, payload: str
) -> None:
    assert said(wecom, sealed, payload, Inline(toast="请先选人", tone=Tone.WARN)).body == b""


def test_a_typed_word_is_answered_with_words(wecom: WeComAdapter, sealed: Sealed) -> None:
    reply = opened(said(wecom, sealed, TEXT, Inline(toast="收到\x00" + "字" * 900)))
    assert reply.findtext("MsgType") == "text"
    assert (reply.findtext("Content") or "").startswith("收到字")
    assert len((reply.findtext("Content") or "").encode()) <= 2048


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(card=cards.ANY)
def test_any_card_survives_the_way_back(wecom: WeComAdapter, sealed: Sealed, card: Card) -> None:
    element = opened(said(wecom, sealed, PRESS, Inline(card))).find("TemplateCard")
    assert element is not None
    check_passive_card(card_of(element))
