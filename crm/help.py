"""Helping people to say it right: the nearest things that can be said."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Protocol, TypeVar


class Sayable(Protocol):
    """Something that can be said: its words, how to use it, what it does."""

    @property
    def words(self) -> tuple[str, ...]: ...
    @property
    def usage(self) -> str: ...
    @property
    def help(self) -> str: ...


S = TypeVar("S", bound=Sayable)


def nearest(text: str, said: Iterable[S], count: int = 3) -> list[S]:
    """The `count` things most like `text`: by the word it begins with, then by shared characters.

    Equal ones keep their order, so the answer is always the same.
    """
    return sorted(said, key=lambda item: _likeness(text, item), reverse=True)[:count]


def _likeness(text: str, item: Sayable) -> float:
    """0 to 1.3: how much the beginning looks like a word, and how much the rest is about it."""
    word = max(
        difflib.SequenceMatcher(None, text[: len(word) + 1].lower(), word.lower()).ratio()
        for word in item.words
    )
    told = set(item.usage + item.help)
    return word + 0.3 * len(set(text) & told) / max(len(set(text)), 1)
