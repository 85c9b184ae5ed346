"""Tables that somebody hands in as CSV or XLSX: read within limits, refused in sentences."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl

from config.settings import SettingsError

MOST_BYTES = 60_000_000  # of the file, and of what a workbook unpacks to
MOST_RATIO = 200  # an honest workbook unpacks to 5–50 times its size
MOST_ROWS = 100_000
MOST_COLUMNS = 100
_SMALL = 5_000_000  # what unpacks to less is harmless at any ratio

Line = tuple[int, list[str]]


def lines(path: Path) -> Iterator[Line | str]:
    """(line number, cells) of each line that is not empty, or why a line cannot be read.

    Raises SettingsError for a file that must not be read on.
    """
    table = _sheet(_bytes(path)) if path.suffix.lower() == ".xlsx" else _csv(_bytes(path))
    count = 0
    for line in table:
        if isinstance(line, str):
            yield line
            continue
        if not any(cell.strip() for cell in line[1]):
            continue
        count += 1
        if count > MOST_ROWS + 1:  # the first names the columns
            raise SettingsError(f"文件超过 {MOST_ROWS} 行，请分成几个文件导入")
        if len(line[1]) > MOST_COLUMNS:
            raise SettingsError(f"第 {line[0]} 行超过 {MOST_COLUMNS} 列，请检查文件")
        yield line


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SettingsError(f"文件超过 {MOST_BYTES // 1_000_000} MB，请分成几个文件导入")
        return path.read_bytes()
    except OSError as fault:
        raise SettingsError(f"读不到文件 {path}，请检查路径") from fault


def _csv(raw: bytes) -> Iterator[Line | str]:
    """One line a record: whatever runs over several has a quote too many or too few."""
    text = _decoded(raw)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SettingsError(f"第 {line} 行有空字符（NUL），请另存为 UTF-8 的 CSV")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as fault:
            is_long = "limit" in str(fault)
            why = "有一格太长，或引号没有成对" if is_long else "引号没有成对"
            raise SettingsError(f"第 {first} 行：{why}，请改正后重新导入") from fault
        if cells is None:
            return
        if reader.line_num > first:
            yield f"第 {first} 至 {reader.line_num} 行：引号没有成对，或一格里有换行，请改正"
        else:
            yield first, cells


def _decoded(raw: bytes) -> str:
    """Excel on a Chinese Windows writes GB 18030; everybody else UTF-8."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SettingsError("文件编码无法识别，请另存为 UTF-8 的 CSV")


def _sheet(raw: bytes) -> Iterator[Line]:
    """The first sheet, row by row; what the file says of its own size is not believed."""
    try:
        _check_unpacked(raw)
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield number, ["" if cell is None else str(cell) for cell in row]
    except (SettingsError, GeneratorExit):
        raise
    except Exception as fault:  # openpyxl raises a dozen kinds for a broken file
        raise SettingsError("这不是有效的 XLSX 文件，请用 Excel 重新保存") from fault


def _check_unpacked(raw: bytes) -> None:
    """Refuse what would fill the memory; zipfile reads no more than is declared here."""
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        size = sum(item.file_size for item in packed.infolist())
    if size > MOST_BYTES or (size > _SMALL and size > MOST_RATIO * len(raw)):
        raise SettingsError("XLSX 解压后过大，请只留人员这一张表，或另存为 CSV 再导入")
