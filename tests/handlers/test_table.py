"""Files that somebody hands in: what is too much, and what is broken, in a sentence."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from config.settings import SettingsError
from handlers import table


def csv_file(folder: Path, text: str) -> Path:
    path = folder / "people.csv"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"name,role\n李明,rep\n{'长' * 300_000},rep\n", "第 3 行：有一格太长"),
        ("name,role\n李明,re\0p\n", "第 2 行有空字符"),
        ('name,role\n李明,rep\n"王强,rep\n赵敏,rep\n', "第 3 行：引号没有成对"),
        ('name,role\n"王"强,rep\n', "第 2 行：引号没有成对"),
        ("name" + ",x" * table.MOST_COLUMNS, "第 1 行超过 100 列"),
    ],
)
def test_a_broken_csv_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        list(table.lines(csv_file(tmp_path, text)))


def test_lines_that_a_quote_swallowed_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 'name,role\n"王强,rep\n赵敏",rep\n李明,rep\n')
    assert list(table.lines(path)) == [
        (1, ["name", "role"]),
        "第 2 至 3 行：引号没有成对，或一格里有换行，请改正",
        (4, ["李明", "rep"]),
    ]


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MOST_ROWS", 2)
    assert len(list(table.lines(csv_file(tmp_path, "name\na\n\nb\n")))) == 3
    with pytest.raises(SettingsError, match="超过 2 行"):
        list(table.lines(csv_file(tmp_path, "name\na\nb\nc\n")))


def workbook(folder: Path, *rows: list[str | int | None]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(folder / "people.xlsx")
    return folder / "people.xlsx"


def test_a_workbook_that_unpacks_to_too_much_is_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path, ["name", "role"])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/bomb.xml", b"0" * 8_000_000)

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("opened before it was measured")

    monkeypatch.setattr(openpyxl, "load_workbook", opened)
    with pytest.raises(SettingsError, match="解压后过大"):
        list(table.lines(path))


def test_a_workbook_as_wide_as_excel_allows_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["name", *[None] * 16_000, "role"])
    with pytest.raises(SettingsError, match="第 1 行超过 100 列"):
        list(table.lines(path))


def test_a_workbook_keeps_the_numbers_of_its_lines(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["name", "mobile"], [None, None], ["李明", 13800001234])
    assert list(table.lines(path)) == [(1, ["name", "mobile"]), (3, ["李明", "13800001234"])]
