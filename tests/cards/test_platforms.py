"""docs/platforms.md says what is true."""

from __future__ import annotations

from bot.gallery import COLUMNS
from tests.cards.hall import hall
from tests.cards.platforms import HEADS, PAGE, WORDS, written


def test_the_generated_tables_are_true() -> None:
    """Rewrite them with `python -m tests.cards.platforms`."""
    page = PAGE.read_text("utf-8")
    assert written(page) == page


def test_every_loss_of_the_gallery_has_words() -> None:
    lost = {
        loss
        for exhibit in hall().hung.exhibits
        for column in exhibit.columns
        for loss in column.dropped
    }
    assert lost - set(WORDS) == set()
    assert set(HEADS) == set(COLUMNS)
