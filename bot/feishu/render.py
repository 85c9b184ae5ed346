"""A neutral card as Feishu's card JSON 2.0, or a sentence as a text message."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeGuard

from bot.adapter import Rendered
from bot.event import Json
from bot.feishu import blocks
from bot.feishu.form import form, row
from bot.feishu.sheet import Sheet, Size
from bot.feishu.text import cut, harmless, plain
from cards.card import Block, Card, Input, Select, Tone, is_sentence, to_json
from cards.drawing import Drawing

MAX_BYTES = 28_500  # of the card as it travels, quotes escaped twice: the request may have 30 KB
MAX_ELEMENTS = 190  # documented 200, and what counts as one is vague
MAX_BUTTONS = 20
MAX_INPUTS = 12
MAX_TITLE = 100
MAX_SENTENCE = 20_000
TEMPLATES = {Tone.INFO: "blue", Tone.GOOD: "green", Tone.WARN: "orange", Tone.DANGER: "red"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A card's JSON, the pictures its placeholders wait for, and what was lost."""

    card: Json
    pictures: tuple[Drawing, ...]
    losses: tuple[str, ...]


def rendered(card: Card) -> Rendered:
    """The card as `deliver` would send it, before its pictures are uploaded."""
    if is_sentence(card):
        return Rendered({"msg_type": "text", "content": sentence(card.title)})
    page = drawn(card)
    pictures = [to_json(picture) for picture in page.pictures]
    body = {"msg_type": "interactive", "card": page.card, "pictures": pictures}
    return Rendered(body, page.losses)


def sentence(text: str) -> Json:
    """The content of a text message that can ping nobody."""
    return {"text": harmless(cut(text, MAX_SENTENCE))}


def drawn(card: Card, *, uploads: bool = True, private: bool = False) -> Drawn:
    """Draw the card, smaller and smaller until it fits.

    `uploads=False` is for an answer, which cannot carry pictures; `private` marks the buttons of
    a card that only one person sees.
    """
    size = Size()
    while True:
        sheet = Sheet(size, card.tone, uploads, private)
        page = _page(card, sheet)
        smaller = size.smaller()
        if _fits(page) or smaller == size:
            return Drawn(page, tuple(sheet.pictures), tuple(sheet.losses))
        size = smaller


def wire(card: Json) -> str:
    """The card as the JSON string that Feishu's `content` wants."""
    return json.dumps(card, ensure_ascii=False, separators=(",", ":"))


def elements(value: object) -> int:
    """How many elements and components a card has, text objects included."""
    if isinstance(value, dict):
        return ("tag" in value) + sum(elements(inner) for inner in value.values())
    return sum(elements(inner) for inner in value) if isinstance(value, list) else 0


def _fits(page: Json) -> bool:
    travelling = json.dumps(wire(page), ensure_ascii=False).encode("utf-8", "replace")
    return len(travelling) <= MAX_BYTES and elements(page) <= MAX_ELEMENTS


def _page(card: Card, sheet: Sheet) -> Json:
    title = sheet.cut(" ".join(card.title.split()), MAX_TITLE)
    page: Json = {"schema": "2.0", "config": {"update_multi": True}}
    if title:
        page["config"]["summary"] = {"content": title}
    body = _body(card, sheet)
    if title and body:
        page["header"] = {"title": plain(title), "template": TEMPLATES[card.tone]}
    if not body:
        body = [blocks.words(title or "…", sheet, text_color=TEMPLATES[card.tone])]
    page["body"] = {"elements": body}
    return page


def _body(card: Card, sheet: Sheet) -> list[Json]:
    """Blocks in order, the form where the first input stands, the other buttons last."""
    buttons = sheet.first(card.buttons, MAX_BUTTONS)
    submits = [button for button in buttons if button.submit and not button.url]
    inputs = sheet.first(tuple(block for block in card.blocks if _asks(block)), MAX_INPUTS)
    in_form = bool(inputs and submits)
    others = [block for block in card.blocks if not (in_form and block in inputs)]
    kept = {id(block) for block in sheet.first(tuple(others), sheet.size.blocks)}
    body: list[Json] = []
    placed = False
    for block in card.blocks:
        if id(block) in kept:
            body += blocks.drawn(block, sheet)
        elif in_form and block in inputs and not placed:
            body.append(form(inputs, submits, sheet))
            placed = True
    rest = [button for button in buttons if not (in_form and button in submits)]
    return body + row(rest, sheet)


def _asks(block: Block) -> TypeGuard[Select | Input]:
    """Whether a person can answer it: a list of no options asks nothing."""
    return isinstance(block, Input) or (isinstance(block, Select) and bool(block.options))
