"""A neutral card as the WeCom messages that show it: pictures, words, then the card."""

from __future__ import annotations

from dataclasses import replace

from bot.adapter import Rendered
from bot.event import Json
from bot.wecom import lower, notice, template, words
from cards.card import Attachment, Button, Card, Input, Picture, Select, is_sentence
from cards.drawing import Grid

PICTURE = "picture:"
"""What stands for a media id until the picture is uploaded: `picture:0` is the card's first."""
FILE = "file:"
"""The same for an attachment."""


def render(card: Card, *, files: bool = False) -> Rendered:
    """The messages for one person, in order; `task_id` and media ids are put in when sending.

    Attachments go as files if `files`; else each is shown as its name.
    """
    card, dropped = shown(card, files=files)
    if is_sentence(card):
        return rendered(texts(card.title), dropped)
    messages, lost = media(card, files=files)
    dropped += lost
    card = without_files(card) if files else card
    dropped += ["input→question" for block in card.blocks if isinstance(block, Input)]
    made = template.build(card)
    if made is None:
        dropped += ["select→question" for block in card.blocks if isinstance(block, Select)]
        messages += _markdown(card, reply="请回复")
        return rendered(messages, dropped)
    left = made.buttons + [button for button in card.buttons if _unfit(button)]
    dropped += made.dropped
    dropped += ["text→message"] if made.beside else []
    dropped += ["button→text"] if left else []
    if made.beside or left:
        parts = notice.markdown(card.title, card.tone, made.beside, left)
        messages += [message("markdown", content=part) for part in parts]
    messages.append({"msgtype": "template_card", "template_card": {**made.body, "task_id": ""}})
    return rendered(messages, dropped)


def render_group(card: Card, *, files: bool = False) -> Rendered:
    """The messages for a group made by the app: groups show no template cards, so words only."""
    card, dropped = shown(card, files=files)
    if is_sentence(card):
        return rendered(texts(card.title), dropped)
    messages, lost = media(card, files=files)
    dropped += lost + (["button→text"] if card.buttons else [])
    card = without_files(card) if files else card
    return rendered(messages + _markdown(card, reply="请到应用会话里回复"), dropped)


def shown(card: Card, *, files: bool) -> tuple[Card, list[str]]:
    """The card in blocks that WeCom can show, and what became of the others."""
    card, dropped = lower.lowered(words.cleaned(card))
    if not files and any(isinstance(block, Attachment) for block in card.blocks):
        dropped.append("file→text")
    return card, dropped


def without_files(card: Card) -> Card:
    """The card once its attachments have been sent as messages of their own."""
    return replace(
        card, blocks=tuple(block for block in card.blocks if not isinstance(block, Attachment))
    )


def render_update(card: Card) -> Json:
    """The template card that takes an older one's place."""
    return template.update(shown(card, files=False)[0])


def rendered(messages: list[Json], dropped: list[str]) -> Rendered:
    return Rendered({"messages": messages}, tuple(dict.fromkeys(dropped)))


def texts(text: str) -> list[Json]:
    return [message("text", content=part) for part in words.messages(words.plain(text))]


def _markdown(card: Card, *, reply: str) -> list[Json]:
    parts = notice.markdown(card.title, card.tone, card.blocks, card.buttons, reply=reply)
    return [message("markdown", content=part) for part in parts]


def media(card: Card, *, files: bool) -> tuple[list[Json], list[str]]:
    """An image for each drawing, and (if `files`) a file for each attachment."""
    drawings = [block.drawing for block in card.blocks if isinstance(block, Picture)]
    charts = [drawing for drawing in drawings if not isinstance(drawing, Grid)]
    count = sum(isinstance(block, Attachment) for block in card.blocks) if files else 0
    return [
        *(message("image", media_id=f"{PICTURE}{number}") for number in range(len(drawings))),
        *(message("file", media_id=f"{FILE}{number}") for number in range(count)),
    ], (["chart→picture"] if charts else [])


def message(msgtype: str, **body: str) -> Json:
    return {"msgtype": msgtype, msgtype: body}


def _unfit(button: Button) -> bool:
    """Too long for any button; two with one command are one button, not a loss."""
    commands, links = template.sort([button])
    return not commands and not links
