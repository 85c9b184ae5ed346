"""The generated tables of docs/platforms.md: `python -m tests.cards.platforms` rewrites them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import aiohttp

from bot.adapter import Adapter
from bot.gallery import COLUMNS, platform
from cards.card import Block, Button, Card, Picture, Text
from cards.gallery import GALLERY
from config.settings import DingTalk, Feishu, Settings, WeCom
from tests.cards.hall import build, hall

PAGE = Path(__file__).parents[2] / "docs" / "platforms.md"
HEADS = {
    "wecom": "WeCom",
    "feishu": "Feishu",
    "dingtalk": "DingTalk",
    "plain": "DingTalk without our template",
}
BUTTONS = {
    "`Button`": Button("领取", "领取 17", primary=True),
    "`Button` that opens a page": Button("打开", url="https://momentum.example.com/h5/"),
}
WORDS = {
    "bar→text": "a bar is drawn with block characters",
    "button→link": "a button is a link in the text",
    "button→none": "a button that cannot work there is left out",
    "button→text": "a button is words: what to send instead of pressing",
    "button→words": "a button is words: what to send instead of pressing",
    "buttons→choice": "the form has one send button, and a list to choose what it does",
    "buttons→menu": "further buttons are in the card's menu",
    "chart→picture": "a chart is a picture",
    "choice→text": "a list without options is a field to type in",
    "columns→section": "columns stand one below the other",
    "columns→text": "columns stand one below the other",
    "date→question": "the day is asked for: the person types it",
    "date→select": "a list of days",
    "file→text": "a file is its name",
    "fold→section": "a fold stands open, under its title",
    "fold→text": "a fold stands open, under its title",
    "form→question": "the form is a question: options are links that speak, the rest is typed",
    "form→text": "a question with nothing to send it by is words",
    "input→question": "the words are asked for: the person types them",
    "input→text": "an input is words",
    "long→cut": "long text is cut with …, rows and options after the last that fits are left out",
    "options→first 100": "a list shows its first 100 options",
    "options→text": "options beyond the list's ten are in the text",
    "people→question": "the person is asked for: the name is typed",
    "people→select": "a list of the people",
    "person→text": "the person is asked for in words",
    "picture→text": "a picture is its description",
    "select→question": "the choice is asked for: the person types it",
    "select→text": "a list is words",
    "table→lines": "a table is lines of text",
    "table→text": "a table is lines of text",
    "text→message": "words beyond the card go before it as messages of their own",
}
"""What each loss means to the reader; a loss without words fails the test."""


def tables() -> dict[str, str]:
    """Each generated table by its name in the page."""
    return {
        "blocks": _table(("Block", *HEADS.values()), _blocks()),
        "losses": _table(
            ("Loss", "What is shown instead", *(f"{HEADS[name]}, cards" for name in COLUMNS)),
            _losses(),
        ),
        "updates": _table(("Platform", "Cards of the gallery changed in place"), _updates()),
    }


def written(page: str) -> str:
    """The page with its generated tables as they are now."""
    for name, table in tables().items():
        shape = rf"(<!-- generated: {name}\b[^>]*-->\n).*?(<!-- end -->)"
        page, count = re.subn(shape, rf"\g<1>{_escaped(table)}\g<2>", page, flags=re.S)
        if count != 1:
            raise ValueError(f"docs/platforms.md has {count} places for the table {name}")
    return page


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\")


def _blocks() -> Iterator[tuple[str, ...]]:
    """What becomes of each block of the sample that has all of them, drawn alone."""
    whole = next(sample.card for sample in GALLERY if sample.name == "gallery.all_blocks")
    seen: set[str] = set()
    for block in whole.blocks:
        name = type(block).__name__
        if isinstance(block, Picture):
            name = f"Picture of {type(block.drawing).__name__}"
        if name not in seen:
            seen.add(name)
            yield (f"`{name}`", *(_becomes(block, column) for column in COLUMNS))
    for name, button in BUTTONS.items():
        card = Card("卡片", (Text("字"),), buttons=(button,))
        yield (name, *(_said(_lost(card, column)) for column in COLUMNS))


def _becomes(block: Block, column: str) -> str:
    """The block's own losses; its button's are in a row of their own."""
    submit = Button("提交", "提交 1", primary=True, submit=True)
    lost = _lost(Card("卡片", (block,), buttons=(submit,)), column)
    return _said(lost - {"button→link"})


def _lost(card: Card, column: str) -> set[str]:
    return set(_adapters()[column].render(card).dropped)


def _said(lost: set[str]) -> str:
    return "; ".join(WORDS[loss] for loss in sorted(lost)) or "as it is"


def _losses() -> Iterator[tuple[str, ...]]:
    counts = {name: Counter[str]() for name in COLUMNS}
    for exhibit in hall().hung.exhibits:
        for column in exhibit.columns:
            counts[column.name].update(set(column.dropped))
    for loss in sorted(set().union(*counts.values())):
        found = (str(counts[name][loss] or "–") for name in COLUMNS)
        yield (f"`{loss}`", WORDS[loss], *found)


def _updates() -> Iterator[tuple[str, ...]]:
    exhibits = hall().hung.exhibits
    for place, name in enumerate(COLUMNS):
        done = sum(exhibit.columns[place].replaced for exhibit in exhibits)
        yield (HEADS[name], f"{done} of {len(exhibits)}")


@cache
def _adapters() -> dict[str, Adapter]:
    """Adapters that only render: their keys fit nothing."""
    wecom = WeCom("ww1", "1", "s", "t", "a" * 43)
    found: dict[str, Adapter] = {}
    for name in COLUMNS:
        template = "" if name == "plain" else "t.schema"
        dingtalk = DingTalk("ding1", "k", "s", card_template_id=template)
        settings = Settings(wecom=wecom, feishu=Feishu("cli_1", "s", "t", "k"), dingtalk=dingtalk)
        found[name] = build(settings, _no_session)[platform(name)]
    return found


def _no_session() -> aiohttp.ClientSession:
    raise RuntimeError("rendering needs no network")


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
