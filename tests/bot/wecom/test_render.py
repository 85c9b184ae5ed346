from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bot.emulator.wecom_check import check_body, check_message, check_passive_card
from bot.wecom import render as renderer
from bot.wecom.adapter import WeComAdapter
from cards.card import AI_LABEL, AiText, Button, Card, Select, Text
from tests.bot.wecom import cards

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str, value: object) -> None:
    """Compare with the file that a person has read; MOMENTUM_TEST_GOLDEN=1 writes it anew."""
    path = GOLDEN / f"{name}.json"
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    if os.environ.get("MOMENTUM_TEST_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def parts(card: Card) -> list[dict[str, Any]]:
    found = renderer.render(card).payload["messages"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    ("name", "card"),
    [
        ("everything", cards.EVERYTHING),
        ("decision", cards.DECISION),
        ("reassign", cards.REASSIGN),
        ("menu", cards.MENU),
        ("reading", cards.READING),
        ("linked", cards.LINKED),
        ("sentence", cards.SENTENCE),
    ],
)
def test_a_card_looks_as_it_did_when_a_person_read_it(
    wecom: WeComAdapter, name: str, card: Card
) -> None:
    rendered = wecom.render(card)
    golden(name, {"dropped": list(rendered.dropped), **rendered.payload})


@pytest.mark.parametrize(
    ("name", "card"), [("decision", cards.DECISION), ("decided", cards.DECIDED)]
)
def test_an_update_looks_as_it_did(name: str, card: Card) -> None:
    golden(f"{name}.update", renderer.render_update(card))


def test_a_group_gets_words(wecom: WeComAdapter) -> None:
    rendered = renderer.render_group(cards.DECISION)
    golden("decision.group", {"dropped": list(rendered.dropped), **rendered.payload})


def test_machine_words_keep_their_label_however_they_are_cut() -> None:
    long = Card(
        "话术", (AiText("甲", "长" * 300), AiText("乙", "短")), buttons=(Button("用", "用"),)
    )
    for card in (long, Card("话术", long.blocks)):
        for message in parts(card):
            assert AI_LABEL in json.dumps(message, ensure_ascii=False)


def test_what_a_card_cannot_hold_is_said_before_it() -> None:
    before, card = parts(Card("标题" * 30, (Text("长" * 300),), buttons=(Button("好", "好"),)))
    assert "长" * 300 in before["markdown"]["content"]
    assert "标题" * 30 in before["markdown"]["content"]
    assert len(card["template_card"]["main_title"]["title"]) == 36
    assert card["template_card"]["sub_title_text"].endswith("…")


def test_a_long_text_becomes_several_messages_and_never_more_than_six() -> None:
    messages = parts(Card("字" * 9000))
    assert len(messages) == 6
    assert all(len(m["text"]["content"].encode()) <= 2048 for m in messages)
    assert messages[-1]["text"]["content"].endswith("…")


def test_the_chosen_option_stays_among_the_ten_that_fit() -> None:
    options = tuple((str(n), f"成员{n}") for n in range(15))
    card = Card("改派", (Select("rep", "给", options, chosen="14"),), buttons=(Button("好", "好"),))
    before, shown = parts(card)
    selection = shown["template_card"]["button_selection"]
    assert (len(selection["option_list"]), selection["selected_id"]) == (10, "14")
    assert "成员12" in before["markdown"]["content"]


def test_two_buttons_with_one_command_are_one_button() -> None:
    card = Card("好", buttons=(Button("好", "好"), Button("行", "好"), Button("好", "好")))
    assert len(parts(card)[-1]["template_card"]["button_list"]) == 1


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cards.ANY)
def test_whatever_the_card_the_platform_takes_it(card: Card) -> None:
    for group in (renderer.render(card), renderer.render_group(card)):
        messages = group.payload["messages"]
        assert isinstance(messages, list)
        assert messages
        for message in messages:
            body = {"touser": "lina", "agentid": 1, **message}
            if "template_card" in body:
                body["template_card"] = {**body["template_card"], "task_id": "t-1"}
            raw = json.dumps(body, ensure_ascii=False).encode()
            check_message(check_body(raw, json.loads(raw)), 1)
    check_passive_card(renderer.render_update(card))
