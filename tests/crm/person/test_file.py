"""The people file, cell by cell: what is read, and what is refused by line and column."""

from __future__ import annotations

import pytest

from crm.person import PersonRow, manager_cycles, normal_mobile, read_row

GOOD = {"name": "李明", "role": "rep", "wecom_userid": "lm"}


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("name", "李\0明", "看不见的字符 U+0000"),
        ("name", "李\u202e明", "看不见的字符 U+202E"),
        ("name", "李\u200b明", "看不见的字符 U+200B"),
        ("name", "\u200b\u2060", "不能为空"),
        ("name", "\u3164", "不能为空"),
        ("name", "=1+1", "不能以「=」开头"),
        ("name", "＝1+1", "不能以「＝」开头"),
        ("team", "@SUM(A1)", "不能以「@」开头"),
        ("store", "-1", "不能以「-」开头"),
        ("store", "\u200d", "只有看不见的字符"),
        ("skills", "收银|+1", "不能以「+」开头"),
        ("wecom_userid", "l\u2066m", "看不见的字符 U+2066"),
        ("manager", "李明", "不能填本人"),
    ],
)
def test_what_no_eye_can_check_is_refused(column: str, text: str, words: str) -> None:
    found = read_row(7, {**GOOD, column: text})
    assert isinstance(found, str)
    assert found.startswith(f"第 7 行 {column}：")
    assert words in found


@pytest.mark.parametrize("name", ["O'Neil-Li", "阿卜杜拉·艾合买提", "👩\u200d💼小王", "L. Wang"])
def test_names_of_people_are_names(name: str) -> None:
    assert isinstance(read_row(2, {**GOOD, "name": name}), PersonRow)


@pytest.mark.parametrize(
    "text", ["１３８００００１２３４", "＋86 138-0000-1234", "0086 13800001234"]
)
def test_a_number_is_one_however_it_is_typed(text: str) -> None:
    assert normal_mobile(text) == "13800001234"


def test_digits_that_no_phone_has_are_no_number() -> None:
    assert normal_mobile("13٨٠٠٠٠١٢٣٤") == ""


def people(*pairs: tuple[str, str]) -> list[PersonRow]:
    cells = ({**GOOD, "name": name, "manager": manager} for name, manager in pairs)
    rows = [read_row(line, cell) for line, cell in enumerate(cells, start=2)]
    return [row for row in rows if isinstance(row, PersonRow)]


def test_managers_in_a_ring_are_named_line_by_line() -> None:
    rows = people(("甲", "乙"), ("乙", "丙"), ("丙", "乙"), ("丁", ""))
    assert [words[:5] for words in manager_cycles(rows)] == ["第 3 行", "第 4 行"]


def test_a_ring_over_a_name_that_two_people_have_proves_nothing() -> None:
    assert manager_cycles(people(("甲", "乙"), ("乙", "甲"), ("乙", ""))) == []
    assert manager_cycles(people(("甲", "乙"), ("乙", "丙"))) == []
