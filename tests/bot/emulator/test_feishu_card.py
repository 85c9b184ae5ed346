"""Every rule of the card reader, once kept and once broken."""

import copy
import json
from typing import Any

import pytest

from bot.emulator.desk import Json
from bot.emulator.feishu_card import LARGEST, check, parsed
from bot.emulator.feishu_rules import CardError

IMAGE = "img_v3_known"
PARSE = 200621


def plain(text: str = "文") -> Json:
    return {"tag": "plain_text", "content": text}


def calls(**value: Any) -> list[Json]:
    return [{"type": "callback", "value": value}]


def button(**more: Any) -> Json:
    return {"tag": "button", "text": plain(), **more}


def options(*values: str) -> list[Json]:
    return [{"text": plain(), "value": value} for value in values]


def form(*elements: Json, name: str = "f") -> Json:
    submit = button(name=f"{name}_go", form_action_type="submit", behaviors=calls(k=1))
    return {"tag": "form", "name": name, "elements": [*elements, submit]}


def columns(*elements: Json) -> Json:
    return {"tag": "column_set", "columns": [{"tag": "column", "elements": list(elements)}]}


def panel(*elements: Json) -> Json:
    return {
        "tag": "collapsible_panel",
        "header": {"title": plain()},
        "elements": list(elements),
    }


def box(*elements: Json) -> Json:
    return {"tag": "interactive_container", "behaviors": calls(k=1), "elements": list(elements)}


def nested(depth: int) -> Json:
    inner: Json = {"tag": "hr"}
    for _ in range(depth):
        inner = columns(inner)
    return inner


def table(**more: Any) -> Json:
    return {
        "tag": "table",
        "columns": [{"name": "a"}],
        "rows": [],
        **more,
    }


def typed(kind: str, cell: Any) -> Json:
    return table(columns=[{"name": "a", "data_type": kind}], rows=[{"a": cell}])


def chart(spec: Any, **more: Any) -> Json:
    return {"tag": "chart", "chart_spec": spec, **more}


def card(*elements: Json, **more: Any) -> Json:
    return {"schema": "2.0", "body": {"elements": list(elements)}, **more}


def headed(**header: Any) -> Json:
    return card(header={"title": plain(), **header})


BAR = {"type": "bar", "data": {"values": [{"x": "一月", "y": 12}]}, "xField": "x", "yField": "y"}
PICTURE = {"tag": "img", "img_key": IMAGE, "alt": plain()}
URL = "https://example.com/a"
TAG = {"tag": "text_tag", "text": plain(), "color": "red"}
PICKED = {"tag": "select_static", "options": options("a", "b")}
STYLE = {
    "text_size": {"cus-0": {"default": "medium", "pc": "large", "mobile": "small"}},
    "color": {"cus-1": {"light_mode": "rgba(1,2,3,0.5)", "dark_mode": "rgba(3,2,1,1)"}},
}
CONFIG = {
    "streaming_mode": False,
    "streaming_config": {"print_step": {"default": 1}, "print_strategy": "fast"},
    "summary": {"content": "摘要"},
    "locales": ["zh_cn"],
    "enable_forward": True,
    "update_multi": True,
    "width_mode": "fill",
    "use_custom_translation": False,
    "enable_forward_interaction": False,
    "style": STYLE,
}

GOOD_ELEMENTS: list[Json] = [
    {"tag": "markdown", "content": "**粗** <font color='red'>红</font>", "text_size": "notation"},
    {"tag": "markdown", "content": "x", "text_align": "center", "margin": "-4px 0px"},
    {"tag": "markdown", "content": "| a | b |\n|---|---|\n| 1 | 2 |\n" * 4},
    {"tag": "div", "text": plain() | {"text_color": "grey-500", "lines": 2}, "width": "auto"},
    {"tag": "div", "fields": [{"is_short": True, "text": {"tag": "lark_md", "content": "a"}}]},
    {"tag": "div", "text": plain(), "icon": {"tag": "standard_icon", "token": "bell_outlined"}},
    {"tag": "hr", "element_id": "line_1", "margin": "1px 2px 3px 4px"},
    PICTURE,
    PICTURE | {"size": "100px 200px", "corner_radius": "8px", "scale_type": "crop_top"},
    {"tag": "img_combination", "combination_mode": "double", "img_list": [{"img_key": IMAGE}] * 2},
    {"tag": "person", "user_id": "ou_rep", "size": "small", "show_name": True},
    {"tag": "person_list", "persons": [{"id": "ou_rep"}]},
    chart(BAR, aspect_ratio="2:1", color_theme="brand", preview=False, height="120px"),
    table(page_size=10, row_height="auto", freeze_first_column=True, header_style={"bold": True}),
    table(columns=[{"name": "a", "width": "50%", "display_name": "甲"}, {"name": "b"}]),
    typed("text", "x"),
    typed("lark_md", "**x**"),
    typed("number", 1.5),
    typed("date", 1_700_000_000_000),
    typed("options", [{"text": "x", "color": "red"}]),
    typed("persons", ["ou_rep"]),
    columns({"tag": "hr"}),
    columns() | {"flex_mode": "bisect", "background_style": "grey", "horizontal_spacing": "8px"},
    form({"tag": "input", "name": "note", "required": True}),
    form(columns({"tag": "input", "name": "note"})),
    box({"tag": "markdown", "content": "x"}) | {"has_border": True, "border_color": "grey"},
    panel({"tag": "hr"}) | {"expanded": True, "border": {"color": "blue", "corner_radius": "5px"}},
    button(type="primary", size="small", width="fill", behaviors=calls(command="领取 17")),
    button(behaviors=[{"type": "open_url", "default_url": URL, "pc_url": ""}], width="120px"),
    button(confirm={"title": plain(), "text": plain()}, disabled=True, disabled_tips=plain()),
    {"tag": "input", "max_length": 1000, "input_type": "multiline_text", "rows": 3},
    {"tag": "input", "label": plain(), "label_position": "left", "placeholder": plain("字" * 100)},
    PICKED | {"initial_option": "b", "type": "text"},
    form(
        {"tag": "multi_select_static", "name": "m", "options": options("a"), "selected_values": []}
    ),
    {"tag": "select_person", "options": [{"value": "ou_rep"}]},
    {"tag": "date_picker", "initial_date": "2026-03-02"},
    {"tag": "picker_time", "initial_time": "09:30"},
    {"tag": "picker_datetime", "initial_datetime": "2026-03-02 09:30"},
    {"tag": "checker", "checked": True, "text": plain(), "behaviors": calls(k=1)},
    {"tag": "overflow", "options": options("a"), "behaviors": calls(k=1)},
    nested(5),
]
BAD_ELEMENTS: list[tuple[Json, int]] = [
    ({"tag": "note", "elements": []}, 200861),
    ({"tag": "action", "actions": []}, 200861),
    ({"tag": "marquee"}, PARSE),
    ({"content": "x"}, PARSE),
    ({"tag": ["hr"]}, PARSE),
    ({"tag": "hr", "color": "red"}, PARSE),
    ({"tag": "hr", "element_id": "1st"}, PARSE),
    ({"tag": "hr", "element_id": "a" * 21}, PARSE),
    ({"tag": "hr", "element_id": 7}, PARSE),
    ({"tag": "hr", "margin": "100px"}, PARSE),
    ({"tag": "hr", "margin": "1px 2px 3px"}, PARSE),
    ({"tag": "hr", "margin": 4}, PARSE),
    ({"tag": "markdown"}, PARSE),
    ({"tag": "markdown", "content": 1}, PARSE),
    ({"tag": "markdown", "content": "x", "text_size": "huge"}, PARSE),
    ({"tag": "markdown", "content": "<font color='#ff0000'>x</font>"}, PARSE),
    ({"tag": "markdown", "content": "| a | b |\n|---|---|\n| 1 | 2 |\n" * 5}, 11310),
    ({"tag": "div"}, PARSE),
    ({"tag": "div", "text": plain() | {"text_color": "#333333"}}, PARSE),
    ({"tag": "div", "text": {"tag": "markdown", "content": "x"}}, PARSE),
    ({"tag": "div", "text": "x"}, PARSE),
    ({"tag": "div", "text": {"tag": "plain_text"}}, PARSE),
    ({"tag": "div", "text": plain(), "icon": {"tag": "standard_icon"}}, PARSE),
    ({"tag": "div", "text": plain(), "icon": {"tag": "custom_icon", "img_key": "x"}}, 200570),
    ({"tag": "img", "img_key": IMAGE}, PARSE),
    (PICTURE | {"img_key": "img_unknown"}, 200570),
    (PICTURE | {"size": "2000px 10px"}, PARSE),
    (PICTURE | {"mode": "crop_center"}, PARSE),
    ({"tag": "img_combination", "combination_mode": "double", "img_list": []}, PARSE),
    ({"tag": "person"}, PARSE),
    (chart('{"type":"bar"}'), 200550),
    (chart({"type": "sankey", "data": {}}), 200550),
    (chart({"type": "bar"}), 200550),
    (chart(BAR, height="0px"), PARSE),
    (chart(BAR, aspect_ratio="3:2"), PARSE),
    (table(page_size=11), PARSE),
    (table(row_height="200px"), PARSE),
    (table(columns=[{"name": f"c{n}"} for n in range(51)]), 11310),
    (table(columns=[{"name": "a"}, {"name": "a"}]), PARSE),
    (table(columns=[{"name": "a", "width": "10px"}]), PARSE),
    (table(columns=[{"name": "a", "width": "0%"}]), PARSE),
    (table(columns=[{"name": "a", "data_type": "money"}]), PARSE),
    (table(columns=[{"name": "a", "format": {"precision": 11}}]), PARSE),
    (table(rows=[{"b": "x"}]), 200915),
    (table(rows=["x"]), PARSE),
    (typed("text", 1), 200914),
    (typed("number", "1"), 200914),
    (typed("number", True), 200914),
    (typed("date", "2026-03-02"), 200914),
    (typed("options", [{"text": "x", "value": "y"}]), 200914),
    (typed("persons", [1]), 200914),
    (columns(table()), PARSE),
    (columns(form()), PARSE),
    (form(table()), PARSE),
    (form(form(name="g")), PARSE),
    (box(form()), PARSE),
    (panel(table()), PARSE),
    (columns() | {"columns": [{"tag": "div", "elements": []}]}, PARSE),
    (columns() | {"columns": []}, PARSE),
    (columns() | {"background_style": "#fff"}, PARSE),
    (columns() | {"flex_mode": "wrap"}, PARSE),
    (form() | {"name": ""}, PARSE),
    ({"tag": "form", "elements": []}, PARSE),
    ({"tag": "form", "name": "f", "elements": []}, PARSE),
    ({"tag": "form", "name": "f", "elements": [button(name="b", behaviors=calls(k=1))]}, PARSE),
    (form({"tag": "input"}), 200530),
    (form(columns(button())), 200530),
    (form({"tag": "input", "name": "a"}, {"tag": "checker", "name": "a"}), PARSE),
    ({"tag": "interactive_container", "elements": []}, PARSE),
    (box() | {"behaviors": []}, PARSE),
    ({"tag": "collapsible_panel", "elements": []}, PARSE),
    (panel() | {"header": {"title": plain(), "padding": "1px 2px"}}, PARSE),
    ({"tag": "button"}, PARSE),
    (button(value={"k": 1}), PARSE),
    (button(type="warning"), PARSE),
    (button(width="50px"), PARSE),
    (button(form_action_type="submit", name="x"), PARSE),
    (button(behaviors={"type": "callback", "value": {}}), PARSE),
    (button(behaviors=[{"type": "callback", "value": "领取 17"}]), PARSE),
    (button(behaviors=[{"type": "callback"}]), PARSE),
    (button(behaviors=[{"type": "form_submit"}]), PARSE),
    (button(behaviors=[{"type": "open_url"}]), PARSE),
    (button(behaviors=[{"type": "open_url", "default_url": "example.com"}]), PARSE),
    (button(confirm={"title": plain()}), PARSE),
    ({"tag": "input", "max_length": 1001}, PARSE),
    ({"tag": "input", "max_length": "9"}, PARSE),
    ({"tag": "input", "placeholder": plain("字" * 101)}, PARSE),
    ({"tag": "input", "input_type": "number"}, PARSE),
    ({"tag": "select_static"}, PARSE),
    (PICKED | {"options": options("a", "a")}, PARSE),
    (PICKED | {"options": []}, PARSE),
    (PICKED | {"options": [{"text": "x", "value": "a"}]}, PARSE),
    (PICKED | {"initial_option": "c"}, PARSE),
    (PICKED | {"selected_values": ["a"]}, PARSE),
    ({"tag": "multi_select_static", "options": options("a"), "selected_values": ["b"]}, PARSE),
    ({"tag": "select_person", "initial_user": "ou_rep"}, PARSE),
    ({"tag": "date_picker", "initial_date": "2026-3-2"}, PARSE),
    ({"tag": "picker_time", "initial_time": "24:00"}, PARSE),
    ({"tag": "picker_datetime", "initial_datetime": "2026-03-02T09:30"}, PARSE),
    ({"tag": "checker", "behaviors": [{"type": "open_url", "default_url": URL}]}, PARSE),
    ({"tag": "checker", "checked_style": {"opacity": 2}}, PARSE),
    ({"tag": "overflow", "options": [{"text": plain("字" * 101), "value": "a"}]}, PARSE),
    (nested(6), PARSE),
]
GOOD_CARDS: list[Json] = [
    card(),
    card(config=CONFIG),
    card({"tag": "markdown", "content": "x", "text_size": "cus-0"}, config=CONFIG),
    card({"tag": "markdown", "content": "<font color='cus-1'>x</font>"}, config=CONFIG),
    card(card_link={"url": URL, "pc_url": ""}),
    headed(subtitle=plain(), template="wathet", text_tag_list=[TAG] * 3, padding="12px"),
    headed(icon={"tag": "custom_icon", "img_key": IMAGE}, i18n_text_tag_list={"zh_cn": [TAG]}),
    headed(title={"tag": "lark_md", "content": "a", "i18n_content": {"en_us": "b"}}),
    card(table(), table(), table()),
    card(*[{"tag": "hr"}] * 200),
    card(form(), form(name="g")),
    {"schema": "2.0", "body": {"elements": [], "direction": "horizontal", "padding": "4px 8px"}},
]
BAD_CARDS: list[tuple[Any, int]] = [
    ([], PARSE),
    ({}, PARSE),
    ({"schema": "2.0"}, PARSE),
    ({"schema": "1.0", "body": {"elements": []}}, PARSE),
    ({"schema": 2.0, "body": {"elements": []}}, PARSE),
    ({"body": {"elements": []}}, PARSE),
    ({"schema": "2.0", "elements": []}, PARSE),
    ({"schema": "2.0", "body": {}}, PARSE),
    ({"schema": "2.0", "body": {"elements": {}}}, PARSE),
    ({"schema": "2.0", "body": {"elements": ["x"]}}, PARSE),
    (card(i18n_elements={}), PARSE),
    (card(config={"wide_screen_mode": True}), PARSE),
    (card(config={"update_multi": False}), PARSE),
    (card(config={"summary": {"content": "x", "i18n_content": {}}}), PARSE),
    (card(config={"width_mode": "wide"}), PARSE),
    (card(config={"style": {"text_size": {"cus-0": {"pc": "huge"}}}}), PARSE),
    (card(config={"style": []}), PARSE),
    (card({"tag": "markdown", "content": "x", "text_size": "cus-0"}), PARSE),
    (card(card_link={"href": URL}), PARSE),
    (card(header={}), PARSE),
    (headed(title="x"), PARSE),
    (headed(template="#fff"), PARSE),
    (headed(text_tag_list=[TAG] * 4), PARSE),
    (headed(text_tag_list=[TAG | {"color": "pink"}]), PARSE),
    (headed(ud_icon={}), PARSE),
    (headed(title=plain() | {"i18n_content": {"zh": "x"}}), PARSE),
    (card(*[table()] * 4), 11310),
    (card(*[{"tag": "hr"}] * 201), 300305),
    (card(*[button()] * 101), 300305),
    (card(form(), form()), PARSE),
    (card({"tag": "hr", "element_id": "a"}, {"tag": "hr", "element_id": "a"}), 300301),
    (card({"tag": "markdown", "content": "好" * 10_240}), 200860),
]


@pytest.mark.parametrize("element", GOOD_ELEMENTS)
def test_a_good_component(element: Json) -> None:
    check(card(element), {IMAGE})


@pytest.mark.parametrize(("element", "code"), BAD_ELEMENTS)
def test_a_bad_component(element: Json, code: int) -> None:
    with pytest.raises(CardError) as caught:
        check(card({"tag": "hr"}, element), {IMAGE})
    assert caught.value.code == code
    assert caught.value.path.startswith("ROOT -> body -> elements -> [1]")


@pytest.mark.parametrize("whole", GOOD_CARDS)
def test_a_good_card(whole: Json) -> None:
    check(whole, {IMAGE})


@pytest.mark.parametrize(("whole", "code"), BAD_CARDS)
def test_a_bad_card(whole: Any, code: int) -> None:
    with pytest.raises(CardError) as caught:
        check(whole, {IMAGE})
    assert caught.value.code == code


@pytest.mark.parametrize("element", GOOD_ELEMENTS)
def test_no_component_takes_an_unknown_property(element: Json) -> None:
    with pytest.raises(CardError) as caught:
        check(card(element | {"zzz": 1}), {IMAGE})
    assert "property: zzz" in str(caught.value)


@pytest.mark.parametrize("junk", [None, 1, True, "x", [], {}, [{}], {"tag": "zzz"}])
@pytest.mark.parametrize("element", GOOD_ELEMENTS)
def test_no_value_breaks_the_reader(element: Json, junk: Any) -> None:
    for name in element:
        broken = copy.deepcopy(element)
        broken[name] = junk
        try:
            check(card(broken), {IMAGE})
        except CardError:
            continue


def test_a_card_is_read_from_its_string() -> None:
    assert parsed(json.dumps(card(PICTURE)), {IMAGE}) == card(PICTURE)
    with pytest.raises(CardError, match="parse card json err"):
        parsed("{")


def test_the_size_is_that_of_the_string_in_utf8() -> None:
    whole = card({"tag": "markdown", "content": "a"})
    room = LARGEST - len(json.dumps(whole).encode())
    whole["body"]["elements"][0]["content"] += "a" * room
    assert parsed(json.dumps(whole)) == whole
    with pytest.raises(CardError, match="200860"):
        parsed(json.dumps(whole) + " ")
