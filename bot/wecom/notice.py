"""Cards without a template: markdown messages, the nearest thing to a document WeCom shows."""

from __future__ import annotations

from collections.abc import Iterable

from bot.wecom import words
from cards.card import (
    AI_LABEL,
    AiText,
    Attachment,
    Bar,
    Block,
    Button,
    Columns,
    DatePick,
    Fields,
    Fold,
    Input,
    Note,
    PersonPick,
    Picture,
    Select,
    Table,
    Text,
    Timeline,
    Tone,
)

_COLOURS = {Tone.GOOD: "info", Tone.WARN: "warning", Tone.DANGER: "warning"}
_TAGGED_BYTES = 1500  # a longer line may be split, and a tag must not be
_SQUARES = 10


def bar(share: float, text: str) -> str:
    """`▰▰▰▰▰▰▱▱▱▱ 62 分`"""
    full = round(min(1.0, max(0.0, share)) * _SQUARES)
    return "▰" * full + "▱" * (_SQUARES - full) + " " + (text or f"{share:.0%}")


def _named(label: str, value: str) -> str:
    return f"{label}：{value}" if label.strip() else value


def lines(block: Block) -> list[str]:
    """A block in plain words, a line each; the label of machine-written words comes first."""
    match block:
        case Text(text) | Note(text):
            return text.split("\n")
        case Fields(pairs):
            return [_named(label, value) for label, value in pairs]
        case Bar(label, share, text):
            return [_named(label, bar(share, text))]
        case Timeline(items):
            return [f"{when} {what}" for when, what in items]
        case Table(columns, rows):
            return [" | ".join(row) for row in (columns, *rows)]
        case AiText(title, text):
            return [f"{title}（{AI_LABEL}）", *text.split("\n")]
        case Attachment(name):
            return [f"〔文件：{name}〕"]
        case Fold(title, blocks):
            head = [f"【{title}】"] if title.strip() else []
            return head + [row for inner in blocks for row in lines(inner)]
        case Columns(columns):
            return [row for column in columns for inner in column for row in lines(inner)]
        case Picture() | Select() | Input() | PersonPick() | DatePick():
            return []  # sent as an image, or asked for


def markdown(
    title: str,
    tone: Tone,
    blocks: Iterable[Block],
    buttons: Iterable[Button] = (),
    *,
    reply: str = "请回复",
    most: int = words.MESSAGE_BYTES,
    plain: bool = False,
) -> list[str]:
    """The blocks as markdown messages of `most` bytes; buttons as links or words to type.

    `plain` is markdown_v2, which has tables and no colours.
    """
    colour = "" if plain else _COLOURS.get(tone, "")
    rows = [f"### {_coloured(words.line(title), colour)}"] if title else []
    for block in blocks:
        added = _plain_rows(block) if plain else _rows(block)
        if rows and added and rows[-1].startswith(">") and not added[0].startswith(">"):
            rows.append("")  # or the quote would run on
        rows += added
    actions = [_action(button, reply) for button in buttons]
    return words.messages("\n".join([*rows, "", *actions] if actions else rows), most)


def _rows(block: Block) -> list[str]:
    rows = lines(block)
    match block:
        case Note():
            return [_coloured(row, "comment") for row in rows]
        case Fields() | Bar():
            return [f">{words.markdown(row)}" for row in rows]
        case Table() | AiText():
            head, *rest = (words.markdown(row) for row in rows)
            bold = f"**{head}**" if words.size(head) < _TAGGED_BYTES else head
            return [bold, *rest]
        case _:
            return [words.markdown(row) for row in rows]


def _plain_rows(block: Block) -> list[str]:
    match block:
        case Note():
            return [words.markdown(row) for row in lines(block)]
        case Table(columns, rows) if columns:
            head, *body = ([_cell(cell) for cell in row] for row in (columns, *rows))
            table = [head, ["---"] * len(head), *body]
            return ["", *(f"| {' | '.join(row)} |" for row in table), ""]
        case _:
            return _rows(block)


def _cell(text: str) -> str:
    return words.markdown(words.line(text)).replace("|", "｜") or " "


def _coloured(row: str, colour: str) -> str:
    row = words.markdown(row)
    if not colour or words.size(row) > _TAGGED_BYTES:
        return row
    return f'<font color="{colour}">{row}</font>'


def _action(button: Button, reply: str) -> str:
    label = words.markdown(words.line(button.label))
    if button.url:
        return f"[{label}]({button.url.replace('(', '%28').replace(')', '%29')})"
    return f"{label}：{reply}「{words.markdown(words.line(button.command))}」"
