"""A neutral card as Feishu's card JSON 2.0, or a sentence as a text message."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.adapter import Rendered
from bot.event import Json
from bot.feishu import blocks
from bot.feishu.form import asking, form, row
from bot.feishu.sheet import Sheet, Size
from bot.feishu.text import cut, harmless, plain
from cards.card import (
    Attachment,
    Block,
    Button,
    Card,
    Columns,
    Fold,
    Tone,
    is_sentence,
    to_json,
)
from cards.drawing import Drawing

MAX_BYTES = 28_500  # of the card as it travels, quotes escaped twice: the request may have 30 KB
ROBOT_BYTES = 19_000  # a group robot's request may have 20 KB
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


def rendered(card: Card, *, sends_files: bool = True) -> Rendered:
    """The card as `deliver` would send it, before its pictures are uploaded."""
    if is_sentence(card):
        return Rendered({"msg_type": "text", "content": sentence(card.title)})
    files = attachments(card.blocks) if sends_files else ()
    page = drawn(card, files=frozenset(one.key for one in files))
    pictures = [to_json(picture) for picture in page.pictures]
    body = {"msg_type": "interactive", "card": page.card, "pictures": pictures}
    return Rendered(body, page.losses)


def sentence(text: str) -> Json:
    """The content of a text message that can ping nobody."""
    return {"text": harmless(cut(text, MAX_SENTENCE))}


def drawn(
    card: Card,
    *,
    uploads: bool = True,
    private: bool = False,
    files: frozenset[str] = frozenset(),
    robot: bool = False,
) -> Drawn:
    """Draw the card, smaller and smaller until it fits.

    `uploads=False` is for an answer, which cannot carry pictures; `private` marks the buttons of
    a card that only one person sees; `files` are the attachments that follow it; a `robot` can
    carry neither pictures nor buttons that call us.
    """
    size = Size()
    while True:
        sheet = Sheet(size, card.tone, uploads and not robot, private, files, robot)
        page = _page(card, sheet)
        smaller = size.smaller()
        if _fits(page, ROBOT_BYTES if robot else MAX_BYTES) or smaller == size:
            return Drawn(page, tuple(sheet.pictures), tuple(sheet.losses))
        size = smaller


def attachments(blocks: tuple[Block, ...]) -> tuple[Attachment, ...]:
    """The files of a card, each once, those in folds and columns too."""
    found: dict[str, Attachment] = {}
    for block in blocks:
        if isinstance(block, Attachment):
            found.setdefault(block.key, block)
        elif isinstance(block, Fold | Columns):
            parts = (block.blocks,) if isinstance(block, Fold) else block.columns
            for part in parts:
                found |= {one.key: one for one in attachments(part) if one.key not in found}
    return tuple(found.values())


def wire(card: Json) -> str:
    """The card as the JSON string that Feishu's `content` wants."""
    return json.dumps(card, ensure_ascii=False, separators=(",", ":"))


def elements(value: object) -> int:
    """How many elements and components a card has, text objects included."""
    if isinstance(value, dict):
        return ("tag" in value) + sum(elements(inner) for inner in value.values())
    return sum(elements(inner) for inner in value) if isinstance(value, list) else 0


def _fits(page: Json, most: int) -> bool:
    travelling = json.dumps(wire(page), ensure_ascii=False).encode("utf-8", "replace")
    return len(travelling) <= most and elements(page) <= MAX_ELEMENTS


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
    buttons = _usable(sheet.first(card.buttons, MAX_BUTTONS), sheet)
    submits = [button for button in buttons if button.submit and not button.url]
    inputs = sheet.first(tuple(asking(card.blocks)), MAX_INPUTS) if submits else ()
    sheet.asked = frozenset(id(entry) for entry in inputs)
    others = [block for block in card.blocks if id(block) not in sheet.asked]
    kept = {id(block) for block in sheet.first(tuple(others), sheet.size.blocks)}
    body: list[Json] = []
    placed = False
    for block in card.blocks:
        if not placed and any(id(entry) in sheet.asked for entry in asking((block,))):
            body.append(form(inputs, submits, sheet))
            placed = True
        if id(block) in kept:
            body += blocks.drawn(block, sheet)
    rest = [button for button in buttons if not (inputs and button in submits)]
    return body + row(rest, sheet)


def _usable(buttons: tuple[Button, ...], sheet: Sheet) -> tuple[Button, ...]:
    """The buttons that work here: a group robot's card is never told of a press."""
    usable = tuple(button for button in buttons if button.url or not sheet.robot)
    if len(usable) < len(buttons):
        sheet.lose("button→none")
    return usable
