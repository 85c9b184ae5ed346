"""Without a card template: buttons become links that speak, a form becomes a guided question.

A link makes its reader's client send a command into the chat. That reaches us in a one-to-one
chat; in a group a message must mention the robot, so there the command is only told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.dingtalk.markdown import BREAK, cut, link, safe, speaking_link
from cards.card import Block, Button, Card, Columns, DatePick, Fold, Input, PersonPick, Select

MOST_LINKS = 30  # options shown as links in one message; the rest are typed
MOST_NAMED = 20  # options named where everything is typed: the card's own words need the room
OPTION = 60  # bytes of an option's name
GAP = "　　"

Ask = Select | Input | DatePick


def asks(card: Card) -> tuple[Ask, ...]:
    """What the card asks for, wherever it stands in it; with nothing to choose from it is typed."""
    return tuple(_asked(card.blocks))


def _asked(blocks: Iterable[Block]) -> Iterator[Ask]:
    for block in blocks:
        match block:
            case Select(name, label, ()):  # a required list without options could not be sent
                yield Input(name, label)
            case Select() | Input() | DatePick():
                yield block
            case PersonPick(name, label, ()):
                yield Input(name, label, "填写姓名")
            case PersonPick(name, label, people):
                yield Select(name, label, people)
            case Fold(_, inner):
                yield from _asked(inner)
            case Columns(columns):
                yield from _asked(inner for column in columns for inner in column)
            case _:
                pass


def submits(card: Card) -> tuple[Button, ...]:
    """The buttons that send the card's form; without a form they are ordinary ones."""
    return tuple(button for button in card.buttons if button.submit and button.command)


def is_form(card: Card) -> bool:
    return bool(asks(card) and submits(card))


def guided(card: Card, *, group: bool) -> tuple[str, list[str]]:
    """The part of the message that can be acted on, and what it stands in for."""
    lines, dropped = [], []
    form = submits(card) if is_form(card) else ()
    if form:
        lines += _question(form, asks(card), group)
        dropped.append("form→question")
    plain = [button for button in card.buttons if button not in form]
    if any(button.command for button in plain):
        dropped.append("button→words" if group else "button→link")
    if group:
        lines += [_told(button) for button in plain]
    elif plain:
        lines.append(GAP.join(_link(button) for button in plain))
    return BREAK.join(lines), list(dict.fromkeys(dropped))


def _link(button: Button) -> str:
    if button.url:
        return link(button.label, button.url)
    return speaking_link(button.label, button.command)


def _told(button: Button) -> str:
    return link(button.label, button.url) if button.url else _typed(button.label, button.command)


def _typed(label: str, command: str) -> str:
    return f"**{safe(label)}**：请私聊我发送「{safe(command)}」"


def _question(buttons: tuple[Button, ...], form: tuple[Ask, ...], group: bool) -> list[str]:
    """How to say what the form would send: one choice as links, anything more is typed."""
    if len(form) == 1 and isinstance(form[0], Select) and not group:
        links = MOST_LINKS // len(buttons)
        return [line for button in buttons for line in _choice(button, form[0], links)]
    gaps = [f"〈{ask.label}〉" for ask in form]
    where = "请私聊我发送" if group else "请发送"
    lines = [
        f"**{safe(button.label)}**：{where}「{safe(' '.join((button.command, *gaps)))}」"
        for button in buttons
    ]
    return lines + [_explained(ask) for ask in form if _explained(ask)]


def _choice(button: Button, ask: Select, links: int) -> list[str]:
    shown = ask.options[:links]
    lines = [f"**{safe(button.label)}** · {safe(ask.label)}，请点选："]
    lines.append(GAP.join(_option(button, ask, value, name) for value, name in shown))
    if len(shown) < len(ask.options):
        rest = f"{button.command} 〈{ask.label}〉"
        lines.append(f"还有 {len(ask.options) - len(shown)} 项，请发送「{safe(rest)}」")
    return lines


def _option(button: Button, ask: Select, value: str, name: str) -> str:
    chosen = "✓ " if value == ask.chosen else ""
    said = name if _is_sayable(ask, name) else value
    return speaking_link(chosen + cut(name, OPTION), f"{button.command} {said}")


def _explained(ask: Ask) -> str:
    if isinstance(ask, Input):
        return f"〈{safe(ask.label)}〉：{safe(ask.hint)}" if ask.hint else ""
    if isinstance(ask, DatePick):
        return f"〈{safe(ask.label)}〉：写成 {safe(ask.value) or '2026-03-02'}"
    shown = "、".join(_named(ask, value, name) for value, name in ask.options[:MOST_NAMED])
    rest = len(ask.options) - MOST_NAMED
    more = f" 等 {len(ask.options)} 项，其余也直接写名称" if rest > 0 else ""
    return f"〈{safe(ask.label)}〉：{shown}{more}"


def _named(ask: Select, value: str, name: str) -> str:
    """What to type for an option: its name, unless only the value tells it from another."""
    word = safe(cut(name, OPTION))
    return word if _is_sayable(ask, name) else f"{safe(cut(value, OPTION))}（{word}）"


def _is_sayable(ask: Select, name: str) -> bool:
    """Whether the name, typed as one word, can mean no other option."""
    return len(name.split()) == 1 and [label for _, label in ask.options].count(name) == 1
