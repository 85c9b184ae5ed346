"""The font that pictures are written in, and which characters it can write."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("NotoSansCJKsc-subset.otf")
MISSING = "□"


@lru_cache(maxsize=1)
def characters() -> frozenset[str]:
    """Every character that the bundled font can draw."""
    return frozenset(FILE.with_name("characters.txt").read_text("utf-8")) - {"\n"}


def drawable(text: str) -> str:
    """The text on one line, what the font lacks replaced by a visible box."""
    known = characters()
    one_line = (" " if letter.isspace() else letter for letter in text)
    return "".join(letter if letter in known else MISSING for letter in one_line)
