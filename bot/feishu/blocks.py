"""The neutral blocks as elements of card JSON 2.0."""

from __future__ import annotations

from bot.event import Json
from bot.feishu.chart import bar_chart, line_chart
from bot.feishu.sheet import MAX_CHARTS, MAX_TABLES, Sheet
from bot.feishu.text import escaped, plain
from cards.card import (
    AI_LABEL,
    AiText,
    Attachment,
    Bar,
    Block,
    Card,
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
from cards.drawing import Bars, Curve, Drawing

COLOURS = {Tone.INFO: "blue", Tone.GOOD: "green", Tone.WARN: "orange", Tone.DANGER: "red"}
BAR_CELLS = 12
SHORT_FIELD = 9
MAX_COLUMNS = 50
PAGE_ROWS = 10
MAX_FOLD_TITLE = 100


def drawn(block: Block, sheet: Sheet) -> list[Json]:
    """Draw one block; inputs are words here, unless the form shows them."""
    if id(block) in sheet.asked:
        return []
    match block:
        case Text(text):
            return [words(text, sheet)] if text else []
        case Note(text):
            return [words(text, sheet, text_size="notation", text_color="grey")] if text else []
        case Fields(pairs):
            return _fields(pairs, sheet)
        case Bar(label, share, said):
            return [_bar(label, share, said, sheet)]
        case Timeline(items):
            return _timeline(items, sheet)
        case Table():
            return _table(block, sheet)
        case AiText(title, text):
            return _machine_text(title, text, sheet)
        case Picture():
            return [_picture(block, sheet)]
        case Select() | Input() | PersonPick() | DatePick():
            sheet.lose("form→text")
            return [as_text(block, sheet)]
        case Attachment():
            return [_attachment(block, sheet)]
        case Fold(title, inner):
            return _fold(title, inner, sheet)
        case Columns(columns):
            return _columns(columns, sheet)


def words(text: str, sheet: Sheet, **style: str) -> Json:
    """A paragraph that reads no markup."""
    return {"tag": "div", "text": {**plain(sheet.cut(text)), **style}}


def as_text(block: Block, sheet: Sheet) -> Json:
    """A block in words, for when it cannot be shown as what it is."""
    return words(Card("", (block,)).plain(), sheet)


def _fields(pairs: tuple[tuple[str, str], ...], sheet: Sheet) -> list[Json]:
    shown = sheet.first(pairs, sheet.size.items)
    if not shown:
        return []
    return [{"tag": "div", "fields": [_field(*pair, sheet) for pair in shown]}]


def _field(label: str, value: str, sheet: Sheet) -> Json:
    label, value = sheet.cut(label.strip(), 60), sheet.cut(value)
    head = f"**{escaped(label)}**\n" if label else ""
    body = "\n".join(escaped(line) for line in value.splitlines())
    return {
        "is_short": max(len(label), len(value)) <= SHORT_FIELD and "\n" not in value,
        "text": {"tag": "lark_md", "content": f"{head}{body}"},
    }


def _bar(label: str, share: float, said: str, sheet: Sheet) -> Json:
    """A bar of coloured blocks: it costs one element, and every client draws it."""
    share = min(1.0, max(0.0, share)) if share == share else 0.0
    full = max(round(share * BAR_CELLS), 1 if share > 0 else 0)
    colour = COLOURS[sheet.tone]
    parts = [
        f"<font color='{colour}'>{'█' * full}</font>" if full else "",
        f"<font color='grey'>{'░' * (BAR_CELLS - full)}</font>" if full < BAR_CELLS else "",
    ]
    tail = escaped(sheet.cut(said or f"{share:.0%}", 60))
    head = escaped(sheet.cut(label, 60))
    return {"tag": "markdown", "content": f"{head}　{''.join(parts)}　{tail}"}


def _timeline(items: tuple[tuple[str, str], ...], sheet: Sheet) -> list[Json]:
    lines = [
        f"- <font color='grey'>{escaped(sheet.cut(when, 60))}</font>　{escaped(sheet.cut(what))}"
        for when, what in sheet.first(items, sheet.size.items)
    ]
    return [{"tag": "markdown", "content": "\n".join(lines)}] if lines else []


def _table(table: Table, sheet: Sheet) -> list[Json]:
    """A native table; the fourth of a card, an empty one and one in a container are words."""
    if not table.columns:
        return []
    if (
        sheet.depth
        or not table.rows
        or sheet.tables == MAX_TABLES
        or len(table.columns) > MAX_COLUMNS
    ):
        sheet.lose("table→text")
        return [as_text(table, sheet)]
    sheet.tables += 1
    rows = sheet.first(table.rows, sheet.size.items)
    return [
        {
            "tag": "table",
            "page_size": min(PAGE_ROWS, len(rows)),
            "row_height": "low",
            "header_style": {"background_style": "grey", "bold": True},
            "columns": [
                {"name": f"c{i}", "display_name": sheet.cut(name, 60), "data_type": "text"}
                for i, name in enumerate(table.columns)
            ],
            "rows": [{f"c{i}": sheet.cut(cell, 500) for i, cell in enumerate(r)} for r in rows],
        }
    ]


def _machine_text(title: str, text: str, sheet: Sheet) -> list[Json]:
    """Words of a machine, on a ground of their own (if there is room) and under their label."""
    elements = [words(title, sheet, text_size="heading")] if title else []
    elements += [words(text, sheet)] if text else []
    elements.append(
        {"tag": "div", "text": {**plain(AI_LABEL), "text_size": "notation", "text_color": "grey"}}
    )
    if not sheet.has_room(2):
        return elements
    column = {**_column(elements), "padding": "12px"}
    return [{"tag": "column_set", "background_style": "grey-50", "columns": [column]}]


def _column(elements: list[Json]) -> Json:
    return {"tag": "column", "width": "weighted", "weight": 1, "elements": elements}


def _fold(title: str, inner: tuple[Block, ...], sheet: Sheet) -> list[Json]:
    """A panel that opens when pressed; too deep inside others, a heading and what it holds."""
    levels = 1 if sheet.has_room(1) else 0
    with sheet.inside(levels):
        elements = _all(inner, sheet)
    if not levels:
        return [words(title, sheet, text_size="heading"), *elements]
    header = {"title": plain(sheet.cut(title, MAX_FOLD_TITLE))}
    panel = {"tag": "collapsible_panel", "expanded": False, "header": header, "elements": elements}
    return [panel] if elements else []


def _columns(columns: tuple[tuple[Block, ...], ...], sheet: Sheet) -> list[Json]:
    """Columns of equal width, one below the other on a telephone or too deep inside others."""
    levels = 2 if sheet.has_room(2) else 0
    with sheet.inside(levels):
        drawn_columns = [_all(column, sheet) for column in columns]
    if not levels:
        return [element for column in drawn_columns for element in column]
    shown = [_column(elements) for elements in drawn_columns if elements]
    return [{"tag": "column_set", "flex_mode": "stretch", "columns": shown}] if shown else []


def _all(inner: tuple[Block, ...], sheet: Sheet) -> list[Json]:
    return [
        element
        for block in sheet.first(inner, sheet.size.blocks)
        for element in drawn(block, sheet)
    ]


def _attachment(attachment: Attachment, sheet: Sheet) -> Json:
    """A file that follows as a message of its own, or its name where it cannot."""
    if attachment.key in sheet.files:
        return words(f"附件：{attachment.name}（见下一条消息）", sheet)
    sheet.lose("file→text")
    return as_text(attachment, sheet)


def _picture(picture: Picture, sheet: Sheet) -> Json:
    """A curve or bars as a native chart; else a picture, or its name where none can go."""
    drawing = picture.drawing
    spec = _chart(drawing, sheet) if sheet.charts < MAX_CHARTS else None
    if spec:
        sheet.charts += 1
        return {"tag": "chart", "aspect_ratio": "16:9", "preview": True, "chart_spec": spec}
    if not sheet.uploads:
        sheet.lose("picture→text")
        return as_text(picture, sheet)
    if isinstance(drawing, Curve | Bars):
        sheet.lose("chart→picture")
    sheet.pictures.append(drawing)
    return {
        "tag": "img",
        "img_key": placeholder(len(sheet.pictures) - 1),
        "alt": plain(sheet.cut(picture.alt, 200)),
        "preview": True,
    }


def _chart(drawing: Drawing, sheet: Sheet) -> Json | None:
    size = sheet.size
    if isinstance(drawing, Curve):
        return line_chart(drawing, points=size.points, letters=size.letters)
    if isinstance(drawing, Bars):
        return bar_chart(drawing, items=size.items, letters=size.letters)
    return None


def placeholder(number: int) -> str:
    """Stands for the key that uploading picture `number` will give."""
    return f"picture:{number}"
