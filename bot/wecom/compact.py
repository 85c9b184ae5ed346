"""Template cards for AI bots and group robots, whose texts may be shorter than an app's.

Source: developer.work.weixin.qq.com/document/path/101032, 91770.
"""

from __future__ import annotations

from dataclasses import replace

from bot.event import Json
from bot.wecom import notice, render, template, words
from cards.card import Attachment, Block, Card, Input, Picture, Select

_CHARS = {
    "source.desc": 13,
    "main_title.title": 26,
    "main_title.desc": 30,
    "sub_title_text": 112,
    "horizontal_content_list.value": 26,
    "jump_list.title": 13,
    "button_selection.title": 13,
    "button_selection.option_list.text": 10,
    "select_list.title": 13,
    "select_list.option_list.text": 10,
}
MARKDOWN_BYTES = 20_480


def fitted(body: Json) -> tuple[Json, bool]:
    """The card within the shorter limits, and whether words were lost."""
    lost: list[str] = []
    made = _fitted(body, "", lost)
    assert isinstance(made, dict)
    return made, bool(lost)


def _fitted(value: object, path: str, lost: list[str]) -> object:
    if isinstance(value, dict):
        return {
            key: _fitted(item, f"{path}.{key}" if path else key, lost)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_fitted(item, path, lost) for item in value]
    if isinstance(value, str) and len(value) > _CHARS.get(path, len(value)):
        lost.append(path)
        return words.cut(value, _CHARS[path])
    return value


def whole(card: Card) -> Json | None:
    """The one template card that says all of `card`; None when it cannot.

    For an AI bot, whose buttons cannot open pages: one link is what the whole card leads to.
    """
    card, _ = render.shown(card, files=False)
    commands, links = template.sort(card.buttons)
    if any(isinstance(block, Picture | Attachment | Input) for block in card.blocks):
        return None
    if commands and (len(links) > 1 or len(commands) + len(links) < len(card.buttons)):
        return None
    bare = replace(card, buttons=tuple(commands)) if commands else replace(card, ref="")
    made = template.build(bare)
    if made is None or made.beside or made.buttons or "select→question" in made.dropped:
        return None
    if commands and links and made.body["card_type"] == "button_interaction":
        made.body["card_action"] = {"type": 1, "url": links[0].url}
    body, lost = fitted(made.body)
    return None if lost else body


def links_only(card: Card) -> Json | None:
    """A group robot's text_notice or news for a card that only leads somewhere; else None."""
    commands, links = template.sort(card.buttons)
    asks = any(isinstance(block, Select | Input) for block in card.blocks)
    if commands or not links or asks:
        return None
    if len(links) > template.JUMPS:
        return _news(card)
    made = template.build(replace(card, ref="", blocks=_words(card)))
    if made is None or made.beside or made.buttons:
        return None
    body, lost = fitted(made.body)
    return None if lost else {"msgtype": "template_card", "template_card": body}


def _news(card: Card) -> Json | None:
    """Up to eight links as articles, the card's words under the first; None if they don't fit."""
    _, links = template.sort(card.buttons)
    told = "\n".join(row for block in _words(card) for row in notice.lines(block))
    titles = [words.line(card.title), *(words.line(link.label) for link in links[1:])]
    if len(links) > 8 or words.size(told) > 512 or any(words.size(t) > 128 for t in titles):
        return None
    articles = [
        {"title": title or "打开", "url": link.url}
        for title, link in zip(titles, links, strict=True)
    ]
    if told:
        articles[0]["description"] = told
    return {"msgtype": "news", "news": {"articles": articles}}


def _words(card: Card) -> tuple[Block, ...]:
    return tuple(block for block in card.blocks if not isinstance(block, Picture | Attachment))


def markdown(card: Card, *, reply: str) -> str:
    """The whole card in one markdown of at most 20,480 bytes, without colours."""
    card, _ = render.shown(card, files=False)
    if not card.blocks and not card.buttons:
        return words.cut_bytes(words.markdown(card.title), MARKDOWN_BYTES)
    parts = notice.markdown(
        card.title,
        card.tone,
        card.blocks,
        card.buttons,
        reply=reply,
        most=MARKDOWN_BYTES,
        plain=True,
    )
    return parts[0] if len(parts) == 1 else words.cut_bytes("\n".join(parts), MARKDOWN_BYTES)
