"""Whoever tries too often waits, and whoever waits gets in."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.throttle import Throttle, TooOftenError


@dataclass
class Clock:
    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(limit=3, seconds=60, monotonic=clock)


def test_a_few_tries_are_free(throttle: Throttle) -> None:
    for _ in range(3):
        throttle.check("a")


def test_one_too_many_is_told_how_long_to_wait(throttle: Throttle, clock: Clock) -> None:
    for clock.at in (0.0, 10.0, 20.0):
        throttle.check("a")
    clock.at = 30.5
    with pytest.raises(TooOftenError, match="请 30 秒后再试") as refused:
        throttle.check("a")
    assert refused.value.seconds == 30


def test_who_waits_as_told_gets_in_even_after_hammering(throttle: Throttle, clock: Clock) -> None:
    for _ in range(3):
        throttle.check("a")
    for clock.at in (1.0, 20.0, 59.9):
        with pytest.raises(TooOftenError):
            throttle.check("a")
    clock.at = 60.0
    throttle.check("a")


def test_others_are_not_held_up(throttle: Throttle) -> None:
    for _ in range(3):
        throttle.check("a")
    throttle.check("b")


def test_it_forgets_the_oldest_name_when_there_are_too_many(
    throttle: Throttle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Throttle, "NAMES", 2)
    for _ in range(3):
        throttle.check("a")
    throttle.check("b")
    throttle.check("c")
    throttle.check("a")  # forgotten, so free again
    throttle.check("c")
    assert len(throttle._tries) == 2


def test_who_keeps_trying_is_not_forgotten(
    throttle: Throttle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Throttle, "NAMES", 2)
    for _ in range(3):
        throttle.check("a")
    for name in ("b", "c", "d"):
        with pytest.raises(TooOftenError):
            throttle.check("a")
        throttle.check(name)
