from __future__ import annotations

import copy
from typing import Any

import pytest

from bot.emulator.rules import WrongError
from bot.emulator.wecom_card import check_card

URL = "https://m.example/h5"
NOTICE: dict[str, Any] = {
    "card_type": "text_notice",
    "main_title": {"title": "周报"},
    "card_action": {"type": 1, "url": URL},
}
NEWS: dict[str, Any] = {
    "card_type": "news_notice",
    "main_title": {"title": "排行榜"},
    "card_image": {"url": URL},
    "card_action": {"type": 1, "url": URL},
}
BUTTONS: dict[str, Any] = {
    "card_type": "button_interaction",
    "main_title": {"title": "动能衰减"},
    "button_list": [{"text": "跟进", "key": "跟进 17"}],
    "task_id": "t-1@a_B",
}
VOTE: dict[str, Any] = {
    "card_type": "vote_interaction",
    "main_title": {"title": "投票"},
    "checkbox": {"question_key": "q", "option_list": [{"id": "1", "text": "甲"}]},
    "submit_button": {"text": "提交", "key": "投票"},
    "task_id": "t2",
}
SELECTS: dict[str, Any] = {
    "card_type": "multiple_interaction",
    "main_title": {"title": "改派"},
    "select_list": [{"question_key": "q", "option_list": [{"id": "1", "text": "甲"}]}],
    "submit_button": {"text": "提交", "key": "改派"},
    "task_id": "t3",
}
GONE = object()


def with_(card: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the card with the value at a dotted path replaced, or taken out (GONE)."""
    changed = copy.deepcopy(card)
    *way, last = path.split(".")
    place: Any = changed
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    if value is GONE:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return changed


def options(count: int, text: str = "甲") -> list[dict[str, Any]]:
    return [{"id": str(n), "text": text} for n in range(count)]


def buttons(count: int) -> list[dict[str, Any]]:
    return [{"text": "跟进", "key": f"k{n}"} for n in range(count)]


def lines(**fields: Any) -> list[dict[str, Any]]:
    return [{"keyname": "动能", **fields}]


def questions(count: int) -> list[dict[str, Any]]:
    return [{"question_key": str(n), "option_list": options(1)} for n in range(count)]


@pytest.mark.parametrize("card", [NOTICE, NEWS, BUTTONS, VOTE, SELECTS])
def test_each_type_has_a_smallest_card(card: dict[str, Any]) -> None:
    check_card(card)


MENU = [{"text": "退订", "key": "退订"}]
# card, path, a value that passes, a value that does not
RULES = [
    (NOTICE, "card_type", "text_notice", "task_card"),
    (NOTICE, "source", {"desc": "动" * 20, "desc_color": 3}, {"desc": "动" * 21}),
    (NOTICE, "source.desc_color", 0, 4),
    (NOTICE, "source.desc_color", 1, "1"),
    (NOTICE, "source.icon_url", URL, "icon.png"),
    (NOTICE, "main_title.title", "周" * 36, "周" * 37),
    (NOTICE, "main_title.desc", "周" * 44, "周" * 45),
    (NOTICE, "main_title.title", "周", 7),
    (NOTICE, "sub_title_text", "周" * 160, "周" * 161),
    (NOTICE, "emphasis_content", {"title": "9" * 14, "desc": "分" * 22}, {"title": "9" * 15}),
    (NOTICE, "emphasis_content.desc", "分" * 22, "分" * 23),
    (NOTICE, "quote_area", {"type": 1, "url": URL, "quote_text": "话"}, {"type": 1}),
    (NOTICE, "quote_area", {"type": 2, "appid": "wx1"}, {"type": 3}),
    (NOTICE, "horizontal_content_list", lines(value="三" * 30), lines(value="三" * 31)),
    (NOTICE, "horizontal_content_list", lines() * 6, lines() * 7),
    (NOTICE, "horizontal_content_list", [{"keyname": "五" * 5}], [{"keyname": "六" * 6}]),
    (NOTICE, "horizontal_content_list", lines(type=1, url=URL), lines(type=1)),
    (NOTICE, "horizontal_content_list", lines(type=3, userid="a"), lines(type=3)),
    (NOTICE, "horizontal_content_list", lines(type=2, media_id="m", value="a.pdf"), lines(type=2)),
    (NOTICE, "horizontal_content_list", lines(), [{"value": "无名"}]),
    (NOTICE, "jump_list", [{"title": "看" * 18, "type": 1, "url": URL}], [{"title": "看" * 19}]),
    (NOTICE, "jump_list", [{"title": "看"}] * 3, [{"title": "看"}] * 4),
    (NOTICE, "jump_list", [{"title": "看", "type": 0}], [{"title": "看", "type": 1}]),
    (NOTICE, "card_action", {"type": 2, "appid": "wx1"}, {"type": 0}),
    (NOTICE, "card_action", {"type": 1, "url": URL}, {"type": 1}),
    (NOTICE, "card_action", {"type": 1, "url": URL}, GONE),
    (NOTICE, "colour", GONE, "red"),
    (NOTICE, "button_list", GONE, buttons(1)),
    (NOTICE, "replace_text", GONE, "已处理"),
    (NEWS, "main_title.title", "榜", GONE),
    (NEWS, "card_image.aspect_ratio", 2.24, 2.25),
    (NEWS, "card_image.aspect_ratio", 1.3, 1),
    (NEWS, "card_image.url", URL, "a.png"),
    (NEWS, "card_image", {"url": URL}, GONE),
    (NEWS, "image_text_area", GONE, {"image_url": URL}),
    (NEWS, "vertical_content_list", [{"title": "题" * 38}] * 4, [{"title": "题"}] * 5),
    (NEWS, "vertical_content_list", [{"title": "题", "desc": "述" * 160}], [{"title": "题" * 39}]),
    (NEWS, "vertical_content_list", [{"title": "题"}], [{"desc": "无题"}]),
    (NEWS, "emphasis_content", GONE, {"title": "9"}),
    (BUTTONS, "button_list", buttons(6), buttons(7)),
    (BUTTONS, "button_list", buttons(2), buttons(1) * 2),
    (BUTTONS, "button_list", buttons(1), []),
    (BUTTONS, "button_list", buttons(1), GONE),
    (BUTTONS, "button_list.0.text", "跟" * 10, "跟" * 11),
    (BUTTONS, "button_list.0.text", "跟", ""),
    (BUTTONS, "button_list.0.style", 4, 5),
    (BUTTONS, "button_list.0.style", 1, "1"),
    (BUTTONS, "button_list.0.key", "k" * 1024, "k" * 1025),
    (BUTTONS, "button_list.0.key", "跟进", GONE),
    (BUTTONS, "button_list.0", {"text": "看", "type": 1, "url": URL}, {"text": "看", "type": 1}),
    (BUTTONS, "button_list.0.icon", GONE, "x"),
    (BUTTONS, "task_id", "t" * 128, "t" * 129),
    (BUTTONS, "task_id", "0zZ_-@", "a:b"),
    (BUTTONS, "task_id", "1", GONE),
    (BUTTONS, "task_id", "1", 1),
    (BUTTONS, "card_action", {"type": 0}, {"type": 1}),
    (BUTTONS, "jump_list", GONE, [{"title": "看"}]),
    (BUTTONS, "action_menu", {"desc": "更多", "action_list": MENU}, {"desc": "更多"}),
    (BUTTONS, "action_menu.action_list", MENU, MENU * 2),
    (BUTTONS, "action_menu.action_list", MENU, []),
    (BUTTONS, "button_selection", questions(1)[0], {"question_key": "q", "option_list": []}),
    (
        BUTTONS,
        "button_selection",
        {**questions(1)[0], "selected_id": "0", "title": "给谁"},
        {**questions(1)[0], "selected_id": "9"},
    ),
    (BUTTONS, "button_selection", questions(1)[0], {**questions(1)[0], "disable": False}),
    (BUTTONS, "checkbox", GONE, VOTE["checkbox"]),
    (VOTE, "checkbox.option_list", options(20), options(21)),
    (VOTE, "checkbox.option_list", options(2), options(1) * 2),
    (VOTE, "checkbox.option_list", options(1, "项" * 17), options(1, "项" * 18)),
    (VOTE, "checkbox.option_list.0.id", "i" * 128, "i" * 129),
    (VOTE, "checkbox.option_list.0.is_checked", True, "true"),
    (VOTE, "checkbox.mode", 1, 2),
    (VOTE, "checkbox.question_key", "q" * 1024, ""),
    (VOTE, "checkbox.disable", GONE, True),
    (VOTE, "checkbox", VOTE["checkbox"], GONE),
    (VOTE, "submit_button.text", "提" * 10, "提" * 11),
    (VOTE, "submit_button.key", "k", GONE),
    (VOTE, "submit_button", {"text": "提交", "key": "k"}, GONE),
    (VOTE, "horizontal_content_list", GONE, lines()),
    (SELECTS, "select_list", questions(3), questions(4)),
    (SELECTS, "select_list", questions(2), questions(1) * 2),
    (SELECTS, "select_list.0.option_list", options(10), options(11)),
    (SELECTS, "select_list.0.option_list", options(1, "项" * 16), options(1, "项" * 17)),
    (SELECTS, "select_list.0.selected_id", "1", "2"),
    (SELECTS, "select_list", questions(1), GONE),
    (SELECTS, "source", {"desc": "动能"}, "动能"),
]


@pytest.mark.parametrize(
    ("card", "path", "good", "bad"), RULES, ids=[f"{r[0]['card_type']}-{r[1]}" for r in RULES]
)
def test_rules_of_a_card(card: dict[str, Any], path: str, good: Any, bad: Any) -> None:
    check_card(card if good is GONE else with_(card, path, good))
    with pytest.raises(WrongError):
        check_card(with_(card, path, bad))


def test_a_notice_says_something() -> None:
    check_card({**with_(NOTICE, "main_title", GONE), "sub_title_text": "话"})
    with pytest.raises(WrongError):
        check_card(with_(NOTICE, "main_title", GONE))


def test_a_notice_with_a_menu_needs_a_task() -> None:
    with_menu = with_(NOTICE, "action_menu", {"action_list": MENU})
    check_card({**with_menu, "task_id": "t"})
    with pytest.raises(WrongError):
        check_card(with_menu)


def test_one_choice_allows_one_tick() -> None:
    ticked = [{**option, "is_checked": True} for option in options(2)]
    check_card(with_(with_(VOTE, "checkbox.option_list", ticked), "checkbox.mode", 1))
    with pytest.raises(WrongError):
        check_card(with_(VOTE, "checkbox.option_list", ticked))


@pytest.mark.parametrize(
    "card",
    [
        {**BUTTONS, "replace_text": "已处理"},
        with_(BUTTONS, "task_id", GONE),
        with_(BUTTONS, "jump_list", [{"title": "看"}]),
        with_(VOTE, "checkbox.disable", True),
        with_(SELECTS, "select_list.0.disable", True),
    ],
)
def test_an_update_may_do_more(card: dict[str, Any]) -> None:
    check_card(card, update=True)


@pytest.mark.parametrize("card", [None, [], "card", {}, {"card_type": 1}, {"card_type": "x"}])
def test_what_is_no_card(card: Any) -> None:
    with pytest.raises(WrongError):
        check_card(card)
