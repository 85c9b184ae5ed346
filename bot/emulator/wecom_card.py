"""What WeCom accepts as a template card, field by field.

Source: developer.work.weixin.qq.com/document/path/90236 and 94888. The documented lengths in
characters are held strictly here: what would be cut on a phone is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.emulator.desk import Json
from bot.emulator.rules import (
    Rule,
    WrongError,
    by_type,
    flag,
    link,
    many,
    number,
    record,
    text,
)

TEXT, KEY, OPTION = text(), text(octets=1024, empty=False), text(octets=128, empty=False)
JUMP: dict[str, Rule] = {"url": link(), "appid": TEXT, "pagepath": TEXT}
JUMP_NEEDS = by_type(_1=("url",), _2=("appid",))


def _filled(chars: int) -> Rule:
    return text(chars=chars, empty=False)


def _options(chars: int, most: int, **more: Rule) -> Rule:
    return many(record({"id": OPTION, "text": _filled(chars)}, more), 1, most, unique="id")


def _selected(path: str, value: Json) -> None:
    ids = [option["id"] for option in value["option_list"]]
    if "selected_id" in value and value["selected_id"] not in ids:
        raise WrongError(f"{path}.selected_id", "is not one of the options")


def _ratio(path: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongError(path, "must be a number")
    if not 1.3 <= value < 2.25:
        raise WrongError(path, "must be at least 1.3 and below 2.25")


def _one_choice(path: str, value: Json) -> None:
    ticked = sum(option.get("is_checked", False) for option in value["option_list"])
    if value.get("mode", 0) == 0 and ticked > 1:
        raise WrongError(path, "mode 0 allows one ticked option")


def _key_or_url(path: str, value: Json) -> None:
    need = "url" if value.get("type", 0) == 1 else "key"
    if not value.get(need):
        raise WrongError(f"{path}.{need}", "is required", missing=True)


def _selector(*, update: bool) -> Rule:
    more: dict[str, Rule] = {"title": TEXT, "selected_id": OPTION}
    if update:
        more["disable"] = flag
    return record({"question_key": KEY, "option_list": _options(16, 10)}, more, then=_selected)


def _checkbox(*, update: bool) -> Rule:
    more: dict[str, Rule] = {"mode": number(0, 1)}
    if update:
        more["disable"] = flag
    options = _options(17, 20, is_checked=flag)
    return record({"question_key": KEY, "option_list": options}, more, then=_one_choice)


def _fields(*, update: bool) -> dict[str, Rule]:
    action = record({"text": text(empty=False), "key": KEY})
    line = {
        "value": text(chars=30),
        "type": number(0, 1, 2, 3),
        "url": link(),
        "media_id": TEXT,
        "userid": TEXT,
    }
    button = {"style": number(1, 2, 3, 4), "type": number(0, 1), "key": KEY, "url": link()}
    picture = {"type": number(0, 1, 2), **JUMP, "title": TEXT, "desc": TEXT}
    quote = {"type": number(0, 1, 2), **JUMP, "title": TEXT, "quote_text": TEXT}
    line_needs = by_type(_1=("url",), _2=("media_id", "value"), _3=("userid",))
    return {
        "card_type": TEXT,
        "source": record(
            {},
            {"icon_url": link(), "desc": text(chars=20), "desc_color": number(0, 1, 2, 3)},
        ),
        "action_menu": record({"action_list": many(action, 1, 3, unique="key")}, {"desc": TEXT}),
        "main_title": record({}, {"title": text(chars=36), "desc": text(chars=44)}),
        "emphasis_content": record({}, {"title": text(chars=14), "desc": text(chars=22)}),
        "quote_area": record({}, quote, then=JUMP_NEEDS),
        "sub_title_text": text(chars=160),
        "image_text_area": record({"image_url": link()}, picture, then=JUMP_NEEDS),
        "card_image": record({"url": link()}, {"aspect_ratio": _ratio}),
        "vertical_content_list": many(
            record({"title": _filled(38)}, {"desc": text(chars=160)}), 0, 4
        ),
        "horizontal_content_list": many(
            record({"keyname": _filled(5)}, line, then=line_needs), 0, 6
        ),
        "jump_list": many(
            record({"title": _filled(18)}, {"type": number(0, 1, 2), **JUMP}, then=JUMP_NEEDS), 0, 3
        ),
        "card_action": record({"type": number(0, 1, 2)}, JUMP, then=JUMP_NEEDS),
        "task_id": text(octets=128, like=r"[0-9A-Za-z_\-@]+"),
        "button_selection": _selector(update=update),
        "button_list": many(
            record({"text": _filled(10)}, button, then=_key_or_url), 1, 6, unique="key"
        ),
        "checkbox": _checkbox(update=update),
        "select_list": many(_selector(update=update), 1, 3, unique="question_key"),
        "submit_button": record({"text": _filled(10), "key": KEY}),
        "replace_text": text(empty=False),
    }


SENT, CHANGED = _fields(update=False), _fields(update=True)
NOTICE = "source action_menu main_title quote_area horizontal_content_list jump_list task_id"
ALLOWED = {
    "text_notice": f"{NOTICE} emphasis_content sub_title_text card_action",
    "news_notice": f"{NOTICE} image_text_area card_image vertical_content_list card_action",
    "button_interaction": "source action_menu main_title quote_area sub_title_text "
    "horizontal_content_list card_action button_selection button_list task_id",
    "vote_interaction": "source main_title checkbox submit_button task_id",
    "multiple_interaction": "source main_title select_list submit_button task_id",
}
NEEDED = {
    "text_notice": "card_action",
    "news_notice": "main_title card_action",
    "button_interaction": "main_title button_list",
    "vote_interaction": "main_title checkbox submit_button",
    "multiple_interaction": "main_title select_list submit_button",
}
INTERACTIVE = {"button_interaction", "vote_interaction", "multiple_interaction"}


def check_card(card: Any, *, update: bool = False) -> None:
    """Raise WrongError for a card that WeCom would refuse.

    An update may also have `disable` and `replace_text`, a button card then a `jump_list`, and
    needs no `task_id`.
    """
    kind = card.get("card_type") if isinstance(card, dict) else None
    if not isinstance(kind, str) or kind not in ALLOWED:
        raise WrongError("template_card.card_type", f"must be one of {', '.join(ALLOWED)}")
    allowed = {"card_type", *ALLOWED[kind].split()}
    if update:
        allowed |= (
            {"replace_text", "jump_list"} if kind == "button_interaction" else {"replace_text"}
        )
    needed = {*NEEDED[kind].split()}
    if not update and can_change(card):
        needed.add("task_id")
    rules = CHANGED if update else SENT
    record(
        {name: rules[name] for name in rules if name in needed},
        {name: rules[name] for name in rules if name in allowed - needed},
    )("template_card", card)
    _whole(kind, card)


def can_change(card: Json) -> bool:
    """Whether a card of this make can be updated later."""
    return card.get("card_type") in INTERACTIVE or bool(card.get("action_menu"))


def named(card: Json) -> Iterator[tuple[str, str]]:
    """The media and members a card refers to: ("media_id" or "userid", the id)."""
    for line in card.get("horizontal_content_list", ()):
        kind = {2: "media_id", 3: "userid"}.get(line.get("type", 0))
        if kind:
            yield kind, line[kind]


def _whole(kind: str, card: Json) -> None:
    title = card.get("main_title", {}).get("title", "")
    if kind == "text_notice":
        if not title and not card.get("sub_title_text"):
            raise WrongError(
                "template_card", "needs main_title.title or sub_title_text", missing=True
            )
    elif not title:
        raise WrongError("template_card.main_title.title", "is required", missing=True)
    if kind == "news_notice" and ("card_image" in card) == ("image_text_area" in card):
        raise WrongError(
            "template_card", "needs either card_image or image_text_area", missing=True
        )
    if kind.endswith("_notice") and card["card_action"]["type"] == 0:
        raise WrongError("template_card.card_action.type", "must be 1 or 2")
