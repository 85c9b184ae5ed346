"""One card of the gallery: a view with believable values, and who is meant to read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ParamSpec

from cards.card import Card

P = ParamSpec("P")

REP, MANAGER, STORE, CLERK = "销售代表", "销售经理", "店长", "店员"
ADMIN, ANYONE = "管理员", "所有人"


@dataclass(frozen=True, slots=True)
class Sample:
    """`view` is the view's place ("lead.captured"), `variant` tells several of one view apart."""

    view: str
    audience: str
    card: Card
    variant: str = ""

    @property
    def name(self) -> str:
        """Unique, and fit for a file's name."""
        return f"{self.view}-{self.variant}" if self.variant else self.view

    def called(self, variant: str) -> Sample:
        """The same as one of several samples of its view."""
        return replace(self, variant=variant)


def sample(audience: str, view: Callable[P, Card], *args: P.args, **kwargs: P.kwargs) -> Sample:
    """Call a view; the sample remembers which."""
    room = view.__module__.removeprefix("cards.")
    return Sample(f"{room}.{view.__qualname__}", audience, view(*args, **kwargs))
