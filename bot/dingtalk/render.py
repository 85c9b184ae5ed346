"""A card as DingTalk draws it: our template's variables, or a message that needs no template.

The template is described in `docs/dingtalk-card-template.md`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.adapter import Inline
from bot.dingtalk.blocks import losses, unfolded
from bot.dingtalk.markdown import BETWEEN, SIGNS, body, cut, link, pictured, safe, size
from bot.dingtalk.presses import COMMAND
from bot.dingtalk.question import Ask, asks, guided, is_form, submits
from bot.event import Json
from cards.card import Button, Card, DatePick, Input, Note, Picture, Select, is_sentence

# A value's documented 1 KB is not enforced (the vendor's own form sample sends more than 3 KB);
# a robot message's 15,000 bytes and a card request's 100 KB are taken at their word.
LONGEST = 15_000
TITLE = 200
LABEL = 60
SUMMARY = 40  # characters of the line in the list of chats
MOST_BUTTONS = 10
MOST_OPTIONS = 100

_MARK = "@picture-0"


@dataclass(frozen=True, slots=True)
class Sketch:
    """Strings by name, for `cardParamMap` or (with `kind`, a msgKey) for `msgParam`.

    Pictures are marked (`@picture-0`) until `with_pictures` puts their mediaIds in.
    """

    values: dict[str, str]
    dropped: tuple[str, ...] = ()
    kind: str = ""


def drawn(given: Card, *, sends: bool = False) -> Sketch:
    """The variables of our template, every public one each time.

    `sends` is whether the card's files go along as messages of their own.
    """
    card = unfolded(given)
    has_form = is_form(card)
    pressed = [b for b in card.buttons if b.command and not (has_form and b.submit)]
    buttons, more = pressed[:MOST_BUTTONS], pressed[MOST_BUTTONS:]
    links = [button for button in card.buttons if button.url]
    notes = [block.text for block in card.blocks if isinstance(block, Note)]
    fields, dropped = _fields(card) if has_form else ([], [])
    has_picture = any(isinstance(block, Picture) for block in card.blocks)
    values = {
        "title": cut(card.title, TITLE),
        "tone": card.tone.value,
        "markdown": _markdown(card, links, more),
        "has_picture": _flag(has_picture),
        "picture": _MARK if has_picture else "",
        "has_buttons": _flag(bool(buttons)),
        "buttons": _text([_button(button) for button in buttons]),
        "has_form": _flag(bool(fields)),
        "form": _text({"fields": fields}),
        "form_btn_text": _submit_label(card),
        "form_status": "normal" if fields else "disabled",
        "note": cut("\n".join(notes), LONGEST // 10),
    }
    dropped += losses(given.blocks, sends=sends)
    dropped += ["button→link"] * bool(links) + ["button→words"] * bool(more)
    return Sketch(values, tuple(dropped))


def message(given: Card, *, group: bool = False, sends: bool = False) -> Sketch:
    """A robot message: a sentence as text, everything else as markdown with links that speak."""
    if is_sentence(given):
        return Sketch({"content": cut(given.title, LONGEST - 100)}, kind="sampleText")
    card = unfolded(given)
    acts, dropped = guided(card, group=group)
    title = SIGNS[card.tone] + card.title
    head = f"### {safe(cut(title, TITLE))}"
    words = body(card.blocks, LONGEST - size(head) - size(acts) - 300)
    text = BETWEEN.join(part for part in (head, words, acts) if part)
    values = {"title": summary(card), "text": cut(text, LONGEST - 200)}
    return Sketch(values, (*losses(given.blocks, sends=sends), *dropped), "sampleMarkdown")


def with_pictures(sketch: Sketch, media: dict[int, str]) -> dict[str, str]:
    """The values with mediaIds by the picture's number; one that is missing becomes words."""
    values = {name: pictured(value, media) for name, value in sketch.values.items()}
    if values.get("picture") == _MARK:
        values["picture"] = media.get(0, "")
        values["has_picture"] = _flag(0 in media)
    return values


def shown_at_once(card: Card) -> dict[str, str]:
    """What the answer to a press may change: no picture can be uploaded in that time."""
    sketch = drawn(card)
    values = with_pictures(sketch, {})
    if sketch.values["picture"]:
        del values["picture"], values["has_picture"]
    return values


def press_answer(inline: Inline | None) -> Json:
    """What a press is answered with: the card in its new state and the presser's own words.

    `cardData` reaches only the presser: the sender changes the card for everyone else.
    """
    found: Json = {
        "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True}
    }
    if inline:
        found["userPrivateData"] = {"cardParamMap": {"tip": inline.toast}}
        if inline.card:
            found["cardData"] = {"cardParamMap": shown_at_once(inline.card)}
    return found


def summary(card: Card) -> str:
    """The line that the list of chats and a notification show."""
    return (SIGNS[card.tone] + card.title)[:SUMMARY]


def _markdown(card: Card, links: list[Button], more: list[Button]) -> str:
    """Notes have a variable of their own, so has the first picture."""
    blocks, seen = [], False
    for block in card.blocks:
        first = isinstance(block, Picture) and not seen
        seen = seen or first
        if not first and not isinstance(block, Note):
            blocks.append(block)
    acts = [link(button.label, button.url) for button in links]
    acts += [f"{safe(button.label)}：请发送「{safe(button.command)}」" for button in more]
    if asks(card) and not is_form(card):  # nothing to send the form with: only words
        acts += [f"{safe(ask.label)}" for ask in asks(card)]
    tail = "　　".join(acts)
    words = body(blocks, LONGEST - size(tail) - 100, first_picture=1)
    return BETWEEN.join(part for part in (words, tail) if part)


def _button(button: Button) -> Json:
    status = "primary" if button.primary else "warning" if button.danger else "normal"
    return {"text": cut(button.label, LABEL), "status": status, "command": button.command}


def _submit_label(card: Card) -> str:
    buttons = submits(card)
    return cut(buttons[0].label, LABEL) if len(buttons) == 1 else "提交"


def _fields(card: Card) -> tuple[list[Json], list[str]]:
    """The form; its command is a hidden field, or a choice when several buttons could send it."""
    dropped: list[str] = []
    fields = [_field(ask) for ask in asks(card)]
    if any(isinstance(ask, Select) and len(ask.options) > MOST_OPTIONS for ask in asks(card)):
        dropped.append(f"options→first {MOST_OPTIONS}")
    buttons = submits(card)
    if len(buttons) == 1:
        hidden = {"name": COMMAND, "type": "TEXT", "hidden": True}
        return [{**hidden, "defaultValue": buttons[0].command}, *fields], dropped
    options = tuple((button.command, button.label) for button in buttons)
    return [*fields, _field(Select(COMMAND, "操作", options))], [*dropped, "buttons→choice"]


def _field(ask: Ask) -> Json:
    found: Json = {"name": ask.name, "label": cut(ask.label, LABEL)}
    if isinstance(ask, DatePick):
        found |= {"type": "DATE", "format": "yyyy-MM-dd", "required": True}
        return found | ({"defaultValue": ask.value} if ask.value else {})
    if isinstance(ask, Input):
        found |= {"type": "TEXT_AREA" if ask.multiline else "TEXT", "placeholder": ask.hint}
        return found | ({"defaultValue": ask.value} if ask.value else {})
    options = ask.options[:MOST_OPTIONS]
    found |= {"type": "SELECT", "required": True}
    found["options"] = [{"value": value, "text": cut(name, LABEL)} for value, name in options]
    for index, (value, _) in enumerate(options):
        if value == ask.chosen:
            found["defaultValue"] = {"index": index, "value": value}
    return found


def _flag(yes: bool) -> str:
    return "true" if yes else "false"


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
