"""Every card of the product on every platform: complete, accepted, and as it was last read."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import cards
from bot.emulator.gallery import Exhibit
from bot.gallery import COLUMNS
from cards import card
from cards.card import Block, Card, Columns, Fold, from_json, to_json
from cards.drawing import Drawing
from cards.gallery import GALLERY, Sample
from tests.cards.hall import hall

GOLDEN = Path(__file__).parent / "golden"
LARGEST = 600_000  # bytes of all golden files
NO_VIEWS = {"card", "drawing", "parcel"}  # plumbing; `card.note` is a shape, not a view
NAMES = [sample.name for sample in GALLERY]


def views() -> Iterator[str]:
    """Each public function of `cards` that returns a card, or several."""
    for module in pkgutil.walk_packages(cards.__path__, "cards."):
        room = module.name.removeprefix("cards.")
        if room.split(".")[0] in {*NO_VIEWS, "fonts", "picture", "gallery"}:
            continue
        for name, member in vars(importlib.import_module(module.name)).items():
            is_own = inspect.isfunction(member) and member.__module__ == module.name
            if is_own and not name.startswith("_") and makes_cards(member):
                yield f"{room}.{name}"


def makes_cards(view: Callable[..., object]) -> bool:
    told = get_type_hints(view)["return"]
    return (
        told is Card or Card in get_args(told) or any(Card in get_args(a) for a in get_args(told))
    )


def test_no_view_is_missing_from_the_gallery() -> None:
    assert {"momentum.fuse", "person.departure"} <= set(views())
    assert set(views()) - {sample.view for sample in GALLERY} == set()


def test_samples_have_names_of_their_own_that_are_fit_for_files() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(name.replace(".", "").replace("-", "").replace("_", "").isalnum() for name in NAMES)


def kinds(blocks: tuple[Block, ...]) -> set[type]:
    inner: set[type] = set()
    for block in blocks:
        if isinstance(block, Fold):
            inner |= kinds(block.blocks)
        if isinstance(block, Columns):
            inner |= kinds(tuple(one for column in block.columns for one in column))
    return inner | {type(block) for block in blocks}


def whole() -> Card:
    return next(sample.card for sample in GALLERY if sample.name == "gallery.all_blocks")


def test_one_sample_has_every_kind_of_block_and_drawing() -> None:
    assert kinds(whole().blocks) == set(get_args(Block))
    drawn = {type(block.drawing) for block in whole().blocks if isinstance(block, card.Picture)}
    assert drawn == set(get_args(Drawing))


@pytest.mark.parametrize("sample", GALLERY, ids=NAMES)
def test_samples_survive_the_outbox(sample: Sample) -> None:
    assert from_json(json.loads(json.dumps(to_json(sample.card)))) == sample.card


def test_the_strictest_emulator_refuses_nothing() -> None:
    refused = [(one["path"], one["response"], one["note"]) for one in hall().refused]
    assert refused == []
    assert [exhibit.name for exhibit in hall().hung.exhibits] == NAMES


@pytest.fixture(params=range(len(NAMES)), ids=NAMES)
def exhibit(request: pytest.FixtureRequest) -> Exhibit:
    found = hall().hung.exhibits[request.param]
    assert isinstance(found, Exhibit)
    return found


def test_every_card_reaches_every_phone(exhibit: Exhibit) -> None:
    assert [column.name for column in exhibit.columns] == list(COLUMNS)
    assert all(column.bubbles for column in exhibit.columns)


def is_replaceable(sample: Sample, column: str) -> bool:
    """As docs/platforms.md says: WeCom changes only cards on which something can be pressed."""
    if card.is_sentence(sample.card) or column == "plain":
        return False
    return column != "wecom" or any(button.command for button in sample.card.buttons)


def test_a_card_is_replaced_in_place_where_that_is_possible(exhibit: Exhibit) -> None:
    sample = GALLERY[NAMES.index(exhibit.name)]
    for column in exhibit.columns:
        after = hall().hung.phones[exhibit.name, column.name]
        assert column.replaced is is_replaceable(sample, column.name), column.name
        assert any(bubble.version > 1 for bubble in after) is column.replaced, column.name
        assert len(after) == len(column.bubbles), column.name


def test_the_words_that_matter_are_on_every_platform(exhibit: Exhibit) -> None:
    """The title's beginning and every button's label, wherever the platform puts them."""
    sample = GALLERY[NAMES.index(exhibit.name)]
    if sample.view in ("gallery.markup", "gallery.longest"):
        pytest.skip("escaped and cut: the golden files say how")
    for column in exhibit.columns:
        said = json.dumps([bubble.body for bubble in column.bubbles], ensure_ascii=False)
        for words in (sample.card.title[:10], *(button.label for button in sample.card.buttons)):
            assert words in said, f"{column.name}: {words}"


def golden(name: str, column: str) -> Path:
    return GOLDEN / f"{name}.{column}.json"


def laid_out(value: object, depth: int = 0) -> str:
    """JSON to be read and compared by people: what fits a line is on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + depth <= 120 or not isinstance(value, dict | list):
        return line
    margin, inner = " " * depth, depth + 1
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {laid_out(one, inner)}" for key, one in value.items()]
    else:
        parts = [laid_out(one, inner) for one in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    body = ",\n".join(f"{margin} {part}" for part in parts)
    return f"{first}\n{body}\n{margin}{last}"


def test_native_json_is_as_it_was_read(exhibit: Exhibit) -> None:
    """Run with MOMENTUM_TEST_GOLDEN=write to rewrite, then read the difference."""
    for column in exhibit.columns:
        native, path = hall().native(column), golden(exhibit.name, column.name)
        if os.environ.get("MOMENTUM_TEST_GOLDEN") == "write":
            path.parent.mkdir(exist_ok=True)
            path.write_text(laid_out(native) + "\n", "utf-8")
        assert json.loads(path.read_text("utf-8")) == native, path.name


def test_golden_files_are_those_of_the_gallery_and_small() -> None:
    kept = {path.name for path in GOLDEN.iterdir()}
    assert kept == {golden(name, column).name for name in NAMES for column in COLUMNS}
    assert sum(path.stat().st_size for path in GOLDEN.iterdir()) < LARGEST
