"""A neutral card as the WeCom messages that show it: pictures, words, then the card."""

from __future__ import annotations

from bot.adapter import Rendered
from bot.event import Json
from bot.wecom import notice, template, words
from cards.card import Button, Card, Input, Picture, Select, is_sentence

PICTURE = "picture:"
"""What stands for a media id until the picture is uploaded: `picture:0` is the card's first."""


def render(card: Card) -> Rendered:
    """The messages for one person, in order; `task_id` and media ids are put in when sending."""
    card = words.cleaned(card)
    if is_sentence(card):
        return _rendered(_texts(card.title), [])
    messages, dropped = _pictures(card)
    dropped += ["input→question" for block in card.blocks if isinstance(block, Input)]
    made = template.build(card)
    if made is None:
        dropped += ["select→question" for block in card.blocks if isinstance(block, Select)]
        messages += _markdown(card, reply="请回复")
        return _rendered(messages, dropped)
    left = made.buttons + [button for button in card.buttons if _unfit(button)]
    dropped += made.dropped
    dropped += ["text→message"] if made.beside else []
    dropped += ["button→text"] if left else []
    if made.beside or left:
        texts = notice.markdown(card.title, card.tone, made.beside, left)
        messages += [_message("markdown", content=text) for text in texts]
    messages.append({"msgtype": "template_card", "template_card": {**made.body, "task_id": ""}})
    return _rendered(messages, dropped)


def render_group(card: Card) -> Rendered:
    """The messages for a group made by the app: groups show no template cards, so words only."""
    card = words.cleaned(card)
    if is_sentence(card):
        return _rendered(_texts(card.title), [])
    messages, dropped = _pictures(card)
    dropped += ["button→text"] if card.buttons else []
    return _rendered(messages + _markdown(card, reply="请到应用会话里回复"), dropped)


def render_update(card: Card) -> Json:
    """The template card that takes an older one's place."""
    return template.update(words.cleaned(card))


def _rendered(messages: list[Json], dropped: list[str]) -> Rendered:
    return Rendered({"messages": messages}, tuple(dict.fromkeys(dropped)))


def _texts(text: str) -> list[Json]:
    return [_message("text", content=part) for part in words.messages(words.plain(text))]


def _markdown(card: Card, *, reply: str) -> list[Json]:
    texts = notice.markdown(card.title, card.tone, card.blocks, card.buttons, reply=reply)
    return [_message("markdown", content=text) for text in texts]


def _pictures(card: Card) -> tuple[list[Json], list[str]]:
    count = sum(isinstance(block, Picture) for block in card.blocks)
    return [_message("image", media_id=f"{PICTURE}{n}") for n in range(count)], (
        ["chart→picture"] if count else []
    )


def _message(msgtype: str, **body: str) -> Json:
    return {"msgtype": msgtype, msgtype: body}


def _unfit(button: Button) -> bool:
    """Too long for any button; two with one command are one button, not a loss."""
    commands, links = template.sort([button])
    return not commands and not links
