"""Sums of (a + b·d)·e^(-d), d = hours/tau: bounds, derivatives and every crossing of a level.

The family is closed under sums, shifts and derivatives (modelling §3.2), so the range of one term
on an interval is known exactly from its ends and its single turning point. That gives a search
that cannot step over a crossing, however short the excursion.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import exp
from typing import NamedTuple

_SHORTEST = 1e-8  # hours: an excursion shorter than 36 µs is a touch, not a crossing


class Term(NamedTuple):
    """One time class: value (a + b·d)·e^(-d) points at d = hours/tau."""

    tau: float
    a: float
    b: float


Wave = tuple[Term, ...]


def value(wave: Wave, hours: float) -> float:
    """Points at `hours` after the reference time."""
    return sum((a + b * hours / tau) * exp(-hours / tau) for tau, a, b in wave)


def derivative(wave: Wave) -> Wave:
    """The slope in points per hour, a wave of the same family."""
    return tuple(Term(tau, (b - a) / tau, -b / tau) for tau, a, b in wave)


def bounds(wave: Wave, lo: float, hi: float) -> tuple[float, float]:
    """Lower and upper bound of the wave on [lo, hi] hours; exact for a single term."""
    low = high = 0.0
    for tau, a, b in wave:
        first = (a + b * lo / tau) * exp(-lo / tau)
        last = (a + b * hi / tau) * exp(-hi / tau)
        if first > last:
            first, last = last, first
        if b:
            turn = 1 - a / b
            if lo / tau < turn < hi / tau:
                top = b * exp(-turn)
                first, last = min(first, top), max(last, top)
        low += first
        high += last
    return low, high


def quiet_after(wave: Wave, level: float, lo: float) -> float:
    """An hour >= lo after which the wave stays within ±level for ever (level > 0)."""
    hours = max(lo, max((term.tau for term in wave), default=lo))
    while sum((abs(a) + abs(b) * hours / t) * exp(-hours / t) for t, a, b in wave) >= level:
        hours *= 1.5  # from d = 1 on every envelope falls, so this ends
    return hours


def first_crossing(wave: Wave, level: float, lo: float, hi: float, *, rising: bool) -> float | None:
    """The first hour in [lo, hi] when the wave enters (>=) or leaves (<) the level."""
    return next((at for at, up in crossings(wave, level, lo, hi) if up == rising), None)


def crossings(wave: Wave, level: float, lo: float, hi: float) -> Iterator[tuple[float, bool]]:
    """All changes of side in time order, each with whether it rises.

    Branch and bound: an interval is left when the level lies outside its bounds, decided when the
    wave is monotone there, and halved otherwise.
    """
    slopes = derivative(wave)
    bends = derivative(slopes)
    cuts = sorted({lo, hi, *(t.tau * k for t in wave for k in (0.5, 2, 6) if lo < t.tau * k < hi)})
    waiting = list(pairwise(cuts))[::-1]
    while waiting:
        lo, hi = waiting.pop()
        middle = (lo + hi) / 2
        low, high = bounds(wave, lo, hi)
        if low >= level or high < level:
            continue
        falls, climbs = bounds(slopes, lo, hi)
        decided = falls >= 0 or climbs <= 0 or hi - lo < _SHORTEST
        if not decided and _misses(wave, slopes, bends, level, lo, hi):
            continue
        if not decided and lo < middle < hi:
            waiting += [(middle, hi), (lo, middle)]
            continue
        starts, ends = value(wave, lo) >= level, value(wave, hi) >= level
        if starts != ends:
            yield _halved(wave, level, lo, hi, rising=ends), ends


def _misses(wave: Wave, slopes: Wave, bends: Wave, level: float, lo: float, hi: float) -> bool:
    """Whether second-order bounds about the middle keep the wave off the level on [lo, hi].

    Plain bounds add the errors of opposing classes; these shrink with the square of the width,
    which is what settles a wave that all but touches the level.
    """
    half, middle = (hi - lo) / 2, (lo + hi) / 2
    low, high = bounds(bends, lo, hi)
    reach = abs(value(slopes, middle)) * half + max(abs(low), abs(high)) * half * half / 2
    return abs(value(wave, middle) - level) > reach


def _halved(wave: Wave, level: float, lo: float, hi: float, *, rising: bool) -> float:
    """The change of side inside [lo, hi], by halving to the last bit; the later side of it."""
    while True:
        middle = (lo + hi) / 2
        if not lo < middle < hi:
            return hi
        if (value(wave, middle) >= level) == rising:
            hi = middle
        else:
            lo = middle
