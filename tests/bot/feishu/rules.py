"""Card JSON 2.0's documented rules, as far as our cards can touch them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

ALLOWED = {
    "plain_text": {"content", "text_size", "text_color"},
    "lark_md": {"content"},
    "markdown": {"content"},
    "div": {"text", "fields"},
    "img": {"img_key", "alt", "preview"},
    "chart": {"chart_spec", "aspect_ratio", "preview"},
    "table": {"page_size", "row_height", "header_style", "columns", "rows"},
    "column_set": {"flex_mode", "horizontal_spacing", "background_style", "columns"},
    "column": {"width", "weight", "padding", "elements"},
    "form": {"name", "elements"},
    "button": {"text", "type", "behaviors", "name", "form_action_type"},
    "input": {
        *("name", "label", "label_position", "width", "max_length", "input_type"),
        *("rows", "placeholder", "default_value"),
    },
    "select_person": {"name", "placeholder", "width", "options"},
    "date_picker": {"name", "placeholder", "width", "initial_date"},
    "collapsible_panel": {"expanded", "header", "elements"},
    "select_static": {"name", "placeholder", "width", "options", "initial_option"},
}
INTERACTIVE = {"button", "input", "select_static", "select_person", "date_picker"}
ROOT_ONLY = {"form", "table"}
OUR_MARKUP = re.compile(r"<font color='(?:blue|green|orange|red|grey)'>|</font>|\*\*|^- |&#\d+;")


def tagged(value: Any) -> Iterator[Json]:
    """Every element and component of a card."""
    if isinstance(value, dict):
        if "tag" in value:
            yield value
        for name, inner in value.items():
            if name != "chart_spec":
                yield from tagged(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from tagged(inner)


def depth(element: Json) -> int:
    inner = element.get("elements") or element.get("columns") or []
    return 1 + max((depth(one) for one in inner), default=0)


def check(card: Json) -> None:
    """Assert everything that the platform would refuse, or that would look wrong."""
    assert set(card) <= {"schema", "config", "header", "body"}
    assert card["schema"] == "2.0"
    assert card["config"]["update_multi"] is True
    content = json.dumps(card, ensure_ascii=False)
    assert len(json.dumps(content, ensure_ascii=False).encode()) <= 30_000
    assert not re.search(r'"#[0-9a-fA-F]{3,8}"', content)
    found = list(tagged(card))
    assert len(found) <= 200
    for element in found:
        assert set(element) - {"tag"} <= ALLOWED[element["tag"]], element["tag"]
        check_words(element)
    root = card["body"]["elements"]
    assert root
    assert all(depth(element) <= 5 for element in root)
    roots = [element for element in root if element["tag"] in ROOT_ONLY]
    assert roots == [element for element in found if element["tag"] in ROOT_ONLY]
    check_tables([element for element in roots if element["tag"] == "table"])
    check_forms([element for element in roots if element["tag"] == "form"], found)
    assert sum(element["tag"] == "chart" for element in found) <= 5


def check_words(element: Json) -> None:
    """Markdown holds our own markup and nothing else that could be any."""
    if element["tag"] in ("markdown", "lark_md"):
        for line in element["content"].split("\n"):
            rest = OUR_MARKUP.sub("", line)
            assert not re.search(r"[*_~\[\]()#<>&|`\\]|:[A-Za-z]", rest), rest
    if element["tag"] == "plain_text":
        assert isinstance(element["content"], str)


def check_tables(tables: list[Json]) -> None:
    assert len(tables) <= 3
    for table in tables:
        names = {column["name"] for column in table["columns"]}
        assert 1 <= table["page_size"] <= 10
        assert table["rows"]
        assert all(set(row) == names for row in table["rows"])


def check_forms(forms: list[Json], found: list[Json]) -> None:
    inside = [e for form in forms for e in tagged(form["elements"]) if e["tag"] in INTERACTIVE]
    names = [element["name"] for element in inside]
    assert len(names) == len(set(names))
    for form in forms:
        submits = [e for e in tagged(form) if e.get("form_action_type") == "submit"]
        assert submits
        assert all(e["behaviors"][0]["value"]["command"] for e in submits)
    for element in found:
        if element["tag"] in INTERACTIVE and element not in inside:
            assert element["tag"] == "button"
            assert not {"name", "form_action_type"} & set(element)
        if element["tag"] == "select_static":
            values = [option["value"] for option in element["options"]]
            assert values
            assert len(values) == len(set(values))
            assert element.get("initial_option", values[0]) in values
