"""Template cards: what fits WeCom's fixed forms, and what has to be said beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.event import Json
from bot.wecom import notice, words
from cards.card import AI_LABEL, AiText, Bar, Block, Button, Card, Fields, Note, Select, Text, Tone

TITLE, DESC, BODY, QUOTE = 36, 44, 160, 160  # characters
KEYNAME, VALUE, PAIRS = 5, 30, 6
LABEL, BUTTONS, MENU, KEY_BYTES = 10, 6, 3, 1024
JUMPS, JUMP_TITLE, URL_BYTES = 3, 18, 2048
OPTIONS, OPTION, OPTION_BYTES, SELECTS = 10, 16, 128, 3
_COLOURS = {Tone.INFO: 0, Tone.WARN: 1, Tone.DANGER: 2, Tone.GOOD: 3}
_SOURCE = "动能"
_PRIMARY, _PLAIN, _DANGER = 1, 2, 3  # WeCom's button styles
_DONE = "已处理"


@dataclass(slots=True)
class Template:
    """One template card, and the blocks and buttons it has no room for."""

    body: Json
    beside: list[Block] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


def build(card: Card) -> Template | None:
    """The template card of `card`; None when it has no button and is no template's business."""
    commands, links = sort(card.buttons)
    if not commands and not links:
        return None
    if not commands and not card.ref:  # nothing to answer, never replaced: needs no callback
        made = _described("text_notice", card)
        made.body["card_action"] = {"type": 1, "url": links[0].url}
        made.body["jump_list"] = [
            {"type": 1, "title": words.cut(_label(link), JUMP_TITLE), "url": link.url}
            for link in links[:JUMPS]
        ]
        made.buttons += links[JUMPS:]
        return _with_selects(made, (), card)
    shown = dict.fromkeys(button for button in card.buttons if button in commands + links)
    return _interactive(card, commands, list(shown))


def update(card: Card) -> Json:
    """The card's new state, for a card already on the phone.

    A passive update knows no link buttons, so the whole card leads to the first link; a card with
    nothing left to press keeps a caption where its buttons were.
    """
    commands, links = sort(card.buttons)
    if commands:
        body = _interactive(card, commands, commands).body
    else:
        body = _described("button_interaction", card).body
        body["button_list"] = [{"text": _DONE, "style": _PLAIN, "key": "done"}]
        body["replace_text"] = _DONE
    if links and body["card_type"] == "button_interaction":
        body["card_action"] = {"type": 1, "url": links[0].url}
    return body


def sort(buttons: Iterable[Button]) -> tuple[list[Button], list[Button]]:
    """Buttons with a command, once each, and buttons with a link; unusable ones are left out."""
    commands: dict[str, Button] = {}
    links = []
    for button in buttons:
        if button.url:
            if (
                button.url.startswith(("http://", "https://"))
                and words.size(button.url) <= URL_BYTES
            ):
                links.append(button)
        elif button.command and words.size(button.command) <= KEY_BYTES:
            commands.setdefault(button.command, button)
    return list(commands.values()), links


def _interactive(card: Card, commands: list[Button], shown: list[Button]) -> Template:
    asked = (block for block in card.blocks if isinstance(block, Select) and _options(block))
    selects = list({select.name: select for select in asked}.values())
    submits = [button for button in commands if button.submit]
    if len(selects) > 1 and len(submits) == 1:
        return _multiple(card, selects[:SELECTS], submits[0], shown)
    made = _described("button_interaction", card)
    made.body["button_list"] = [_button(button) for button in shown[:BUTTONS]]
    rest = shown[BUTTONS:]
    menu = [button for button in rest if not button.url][:MENU]
    if menu:
        made.dropped.append("buttons→menu")
        made.body["action_menu"] = {
            "desc": "更多操作",
            "action_list": [{"text": _label(button), "key": button.command} for button in menu],
        }
    made.buttons += [button for button in rest if button not in menu]
    if selects:
        made.body["button_selection"] = _select(selects[0])
    return _with_selects(made, selects[:1], card)


def _multiple(card: Card, selects: list[Select], submit: Button, shown: list[Button]) -> Template:
    """Up to three lists and one button; this form has no room for words, so they go beside it."""
    notes = [block for block in card.blocks if isinstance(block, Note)]
    body = {
        "card_type": "multiple_interaction",
        **_head(card, _desc(notes)),
        "select_list": [_select(select) for select in selects],
        "submit_button": {"text": words.cut(_label(submit), LABEL), "key": submit.command},
    }
    made = Template(body, buttons=[button for button in shown if button is not submit])
    fits = _desc(notes) or not notes
    made.beside = [
        block
        for block in card.blocks
        if notice.lines(block) and not (fits and isinstance(block, Note))
    ] or _whole_title(card)
    return _with_selects(made, selects, card)


def _described(card_type: str, card: Card) -> Template:
    """Head, pairs, words and one machine-written quote: what the notice and button forms share."""
    made = Template({"card_type": card_type})
    pairs, notes, quote, prose = _sorted(card)
    desc = _desc(notes)
    if notes and not desc:
        prose += notes
    whole = _whole_title(card)
    body = "\n".join(row for block in whole + prose for row in notice.lines(block)).strip()
    made.body |= _head(card, desc)
    if quote:
        made.body["quote_area"] = {
            "type": 0,
            "title": words.cut(words.line(quote.title), TITLE) or "AI 生成",
            "quote_text": f"{words.cut(quote.text.strip(), QUOTE)}\n（{AI_LABEL}）",
        }
    if body:
        made.body["sub_title_text"] = words.cut(body, BODY)
    if pairs:
        made.body["horizontal_content_list"] = pairs
    if len(body) > BODY:
        made.beside += prose
    if quote and len(quote.text.strip()) > QUOTE:
        made.beside.append(quote)
    return made


def _whole_title(card: Card) -> list[Block]:
    """A title too long for its line is said again in full as words."""
    return [Text(card.title)] if len(words.line(card.title)) > TITLE else []


def _sorted(card: Card) -> tuple[list[Json], list[Note], AiText | None, list[Block]]:
    """Which block goes where: two columns, small words, the quote, and prose for the rest."""
    pairs: list[Json] = []
    notes: list[Note] = []
    prose: list[Block] = []
    quote: AiText | None = None
    for block in card.blocks:
        match block:
            case Fields(items):
                left = tuple(item for item in items if not _placed(pairs, *item))
                prose += [Fields(left)] if left else []
            case Bar(label, share, text):
                prose += [] if _placed(pairs, label, notice.bar(share, text)) else [block]
            case Note():
                notes.append(block)
            case AiText() if quote is None:
                quote = block
            case _:
                prose += [block] if notice.lines(block) else []
    return pairs, notes, quote, prose


def _placed(pairs: list[Json], label: str, value: str) -> bool:
    """Put a pair into the two columns; False when it does not fit and needs words instead."""
    if not label or len(label) > KEYNAME or len(value) > VALUE or "\n" in label + value:
        return False
    if len(pairs) == PAIRS:
        return False
    pairs.append({"keyname": label, "value": value or "—"})
    return True


def _head(card: Card, desc: str) -> Json:
    title = {"title": words.cut(words.line(card.title) or _SOURCE, TITLE)}
    return {
        "source": {"desc": _SOURCE, "desc_color": _COLOURS[card.tone]},
        "main_title": title | ({"desc": desc} if desc else {}),
    }


def _desc(notes: list[Note]) -> str:
    """The notes in the grey line under the title; "" when there is none or it is too short."""
    desc = " · ".join(words.line(note.text) for note in notes)
    return desc if len(desc) <= DESC else ""


def _label(button: Button) -> str:
    return words.cut(words.line(button.label) or button.command or "打开", LABEL)


def _button(button: Button) -> Json:
    style = _PRIMARY if button.primary else _DANGER if button.danger else _PLAIN
    target: Json = {"type": 1, "url": button.url} if button.url else {"key": button.command}
    return {"text": _label(button), "style": style, **target}


def _options(select: Select) -> list[tuple[str, str]]:
    """The options a list can carry, once each; the chosen one is always among them."""
    usable = {
        value: label
        for value, label in select.options
        if value and words.size(value) <= OPTION_BYTES
    }
    kept = list(usable.items())[:OPTIONS]
    chosen = (select.chosen, usable.get(select.chosen, ""))
    if select.chosen in usable and chosen not in kept:
        kept[-1] = chosen
    return kept


def _select(select: Select) -> Json:
    options = _options(select)
    body: Json = {
        "question_key": select.name,
        "title": words.cut(words.line(select.label), TITLE),
        "option_list": [
            {"id": value, "text": words.cut(words.line(label) or value, OPTION)}
            for value, label in options
        ],
    }
    if any(value == select.chosen for value, _ in options):
        body["selected_id"] = select.chosen
    return body


def _with_selects(made: Template, shown: Iterable[Select], card: Card) -> Template:
    """Name what could not be asked on the card: the handler asks for it in the chat."""
    kept = list(shown)
    for block in card.blocks:
        if not isinstance(block, Select):
            continue
        if block not in kept:
            made.dropped.append("select→question")
        elif len(block.options) > len(_options(block)):
            made.dropped.append("options→text")
            rest = [
                label for value, label in block.options if (value, label) not in _options(block)
            ]
            made.beside.append(Fields(((f"{block.label}还可以回复", "、".join(rest)),)))
    return made
