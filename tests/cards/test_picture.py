"""Pictures: light, legible, and never a character lost in silence."""

from __future__ import annotations

import ast
import io
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cards.drawing import Bars, Cell, Curve, Drawing, Grid, Level, Line, Mark
from cards.fonts import FILE, MISSING, characters, drawable
from cards.picture import png

ROOT = Path(__file__).parents[2]
ROOMS = ("main.py", "bot", "handlers", "cards", "models", "jobs", "config", "crm")

DECAY = Curve(
    "动能曲线 · 华东医疗（线索 17）",
    (
        Line("动能", ((0.0, 0.0), (2.0, 92.0), (6.0, 55.0), (12.0, 18.0))),
        Line("预计", ((12.0, 18.0), (20.0, 6.0)), dashed=True),
    ),
    tuple((float(day), f"10-{8 + day:02d}") for day in range(0, 21, 2)),
    (Level("黄线", 40.0), Level("红线", 20.0, "danger")),
    (Mark("电话沟通", 2.0), Mark("打开报价", 3.0), Mark("现在", 12.0)),
    "分",
)
SHIFTS = (
    Cell("早班", "08:00–15:30", "morning"),
    Cell("晚班", "14:30–22:00", "evening"),
    Cell("休", "", "rest"),
    Cell("年假", "", "leave"),
)


TAKINGS = Bars(
    "业绩与目标",
    ("周一", "周二", "华东医疗器械贸易有限公司上海分公司"),
    (("业绩", (12_800, 15_600, -900)), ("目标", (15_000, 15_000))),
    "元",
)


def roster(people: int) -> Grid:
    rows = tuple(
        (f"店员{n}", tuple(SHIFTS[(n * 3 + day) % 4] for day in range(7))) for n in range(people)
    )
    days = tuple(f"周{day} 10-{5 + n:02d}" for n, day in enumerate("一二三四五六日"))
    return Grid("班表 · 人民路店", days, rows, "版本 v3\n违规 0")


def opened(drawing: Drawing) -> Image.Image:
    return Image.open(io.BytesIO(png(drawing)))


@pytest.mark.parametrize("drawing", [DECAY, roster(8), TAKINGS], ids=["curve", "grid", "bars"])
def test_a_picture_is_wide_enough_for_a_phone_and_light(drawing: Drawing) -> None:
    picture = opened(drawing)
    assert picture.format == "PNG"
    assert picture.mode == "P"
    assert picture.width == 900
    assert len(png(drawing)) < 80_000


def test_the_same_values_give_the_same_bytes() -> None:
    assert png(DECAY) == png(DECAY)


def test_a_table_grows_with_its_rows_and_columns() -> None:
    assert opened(roster(30)).height > opened(roster(8)).height
    month = Grid("月班表", tuple(f"{n}日" for n in range(1, 32)), (("张伟", SHIFTS),))
    assert opened(month).width > 900


def colours(drawing: Drawing) -> list[tuple[int, ...]]:
    flat = opened(drawing).getpalette() or []
    return [tuple(flat[at : at + 3]) for at in range(0, len(flat), 3)]


def test_threshold_and_tone_colours_are_seen() -> None:
    assert any(red > 200 and green < 60 and blue < 60 for red, green, blue in colours(DECAY))
    evening = ((red, blue) for red, _, blue in colours(roster(8)))
    assert any(blue > red + 15 and blue > 220 for red, blue in evening)


_numbers = st.floats(-1e9, 1e9)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), _numbers), max_size=6), st.text(max_size=12))
def test_any_values_can_be_drawn(points: list[tuple[float, float]], words: str) -> None:
    curve = Curve(words, (Line(words, tuple(sorted(points))),), ((0.0, words),), unit=words)
    assert opened(curve).width == 900
    assert opened(Grid(words, (words,), ((words, (Cell(words, words, words),)),))).width == 900


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(), max_size=5), st.text(max_size=12))
def test_any_bars_can_be_drawn(values: list[float], words: str) -> None:
    assert opened(Bars(words, (words,) * 3, ((words, tuple(values)),), words)).width == 900


def blue(drawing: Drawing) -> list[int]:
    """How many pixels of each row have the first series' colour."""
    picture = opened(drawing).convert("RGB")
    rows = [picture.crop((0, y, 900, y + 1)) for y in range(picture.height)]
    ink = {(37, 99, 235)}
    return [sum(n for n, colour in row.getcolors(900) or [] if near(colour, ink)) for row in rows]


def near(colour: object, inks: set[tuple[int, int, int]]) -> bool:
    assert isinstance(colour, tuple)
    return any(sum(abs(a - b) for a, b in zip(colour, ink, strict=True)) < 30 for ink in inks)


def test_bars_are_as_long_as_their_values() -> None:
    """Twice the value is twice the length; a missing pair is not drawn."""
    lengths = [max(run) for run in runs(blue(Bars("甲", ("一", "二", "三"), (("a", (10, 20)),))))]
    assert len(lengths) == 2
    assert lengths[1] == pytest.approx(2 * lengths[0], abs=4)


def runs(counts: list[int]) -> list[list[int]]:
    """Neighbouring numbers above 9 together: the rows of one bar."""
    found: list[list[int]] = [[]]
    for count in counts:
        if count > 9:
            found[-1].append(count)
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


def test_bars_beyond_the_most_are_counted() -> None:
    many = Bars("多", tuple(str(n) for n in range(60)), (("a", (1.0,) * 60),))
    assert opened(many).height < 2600


def test_values_that_hardly_differ_still_have_an_axis() -> None:
    for pair in ((0.0, 5e-324), (1e9, 1e9 + 1e-7), (7.0, 7.0)):
        flat = Curve("平", (Line("平", ((0.0, pair[0]), (1.0, pair[1]))),), ())
        assert opened(flat).width == 900


def test_a_rare_character_is_drawn_as_a_box() -> None:
    assert drawable("两\n行") == "两 行"
    assert drawable("孙𠮷 😀") == f"孙{MISSING} {MISSING}"
    assert png(Grid("孙𠮷", (), ())) == png(Grid(f"孙{MISSING}", (), ()))
    assert png(Grid("孙𠮷", (), ())) != png(Grid("孙", (), ()))


def test_the_font_holds_every_listed_character() -> None:
    held = {chr(code) for code in TTFont(FILE).getBestCmap()}
    assert characters() <= held
    assert MISSING in held


def test_the_font_keeps_its_licence() -> None:
    assert "SIL OPEN FONT LICENSE Version 1.1" in FILE.with_name("OFL.txt").read_text()
    assert "Open Font License" in (TTFont(FILE)["name"].getDebugName(13) or "")


def printed(source: Path) -> set[str]:
    """The characters of every Chinese string literal of a module, its docstrings left out."""
    tree = ast.parse(source.read_text("utf-8"))
    silent = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    texts = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent
    )
    chinese = (text for text in texts if any("\u4e00" <= letter <= "\u9fff" for letter in text))
    return {letter for text in chinese for letter in text if letter.isprintable()}


def test_every_character_that_the_product_says_is_in_the_font() -> None:
    paths = [ROOT / room for room in ROOMS]
    sources = [file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path])]
    lacking = {
        f"{file.relative_to(ROOT)}: {''.join(sorted(missing))}"
        for file in sources
        if file.exists() and (missing := printed(file) - characters())
    }
    assert not lacking, "add these to cards/fonts/characters.txt, see cards/fonts/README.md"
