from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.adapter import Inline
from bot.event import Event, Incoming
from bot.feishu.adapter import FeishuAdapter
from cards.card import Tone
from tests.bot.feishu import cards
from tests.bot.feishu.rules import check, tagged

Sealed = Callable[[str], Incoming]
TOASTS = list(zip(Tone, ("info", "success", "warning", "error"), strict=True))


def answered(
    feishu: FeishuAdapter, came: Incoming, inline: Inline | None
) -> tuple[dict[str, Any], Event]:
    event = feishu.decode(came)
    assert isinstance(event, Event)
    answer = feishu.answer(came, event, inline)
    assert (answer.status, answer.content_type) == (200, "application/json")
    return json.loads(answer.body), event


def test_an_event_is_acknowledged_with_nothing_else(feishu: FeishuAdapter, sealed: Sealed) -> None:
    came = sealed("im.message.receive_v1__text_p2p")
    body, _ = answered(feishu, came, Inline(cards.DECISION, "好"))
    assert body == {}
    assert feishu.answer(came, None, None).body == b"{}"


@pytest.mark.parametrize(("tone", "type_"), TOASTS)
def test_a_press_may_bring_a_toast(
    feishu: FeishuAdapter, sealed: Sealed, tone: Tone, type_: str
) -> None:
    body, _ = answered(feishu, sealed("card.action.trigger__claim"), Inline(None, "已领取", tone))
    assert body == {"toast": {"type": type_, "content": "已领取"}}


def test_a_press_that_changes_nothing_keeps_the_card(feishu: FeishuAdapter, sealed: Sealed) -> None:
    for inline in (None, Inline()):
        body, _ = answered(feishu, sealed("card.action.trigger__claim"), inline)
        assert body == {}


def test_the_new_card_names_its_pictures_because_an_answer_cannot_carry_them(
    feishu: FeishuAdapter, sealed: Sealed
) -> None:
    body, _ = answered(feishu, sealed("card.action.trigger__claim"), Inline(cards.FULL, "好"))
    assert body["card"]["type"] == "raw"
    check(body["card"]["data"])
    tags = [element["tag"] for element in tagged(body["card"]["data"])]
    assert "img" not in tags
    assert "chart" in tags
    assert "〔图：本周班表〕" in json.dumps(body, ensure_ascii=False)


def test_a_sentence_replaces_a_card_as_a_card(feishu: FeishuAdapter, sealed: Sealed) -> None:
    body, _ = answered(feishu, sealed("card.action.trigger__claim"), Inline(cards.SENTENCE))
    check(body["card"]["data"])


@pytest.mark.parametrize(("case", "private"), [("claim", False), ("claim_p2p", True)])
def test_a_private_card_stays_private(
    feishu: FeishuAdapter, sealed: Sealed, case: str, private: bool
) -> None:
    body, _ = answered(feishu, sealed(f"card.action.trigger__{case}"), Inline(cards.DECISION))
    buttons = [e for e in tagged(body["card"]["data"]) if e["tag"] == "button"]
    assert all(("chat" in e["behaviors"][0]["value"]) is private for e in buttons)
