"""The energy of a lead: two numbers per time class hold every signal it ever had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import ceil, e, exp
from typing import Any, NamedTuple, Self

from crm.momentum.lambert import crossing_hours
from crm.momentum.policy import MomentumPolicy
from crm.momentum.wave import Term, Wave, crossings, derivative, first_crossing, quiet_after, value

Triple = tuple[float, float, float]

DEFAULT_TAUS: Triple = MomentumPolicy().taus
_NOTHING = 1e-9  # points: rounding left behind by a retraction or a long fade
_DEAD = 1e-6  # points: below this for good, an energy is spent


class TimeClass(StrEnum):
    """How long a signal works: it is strongest after about 3 hours, 2 days, 10 days."""

    FAST = "fast"
    MEDIUM = "medium"
    LONG = "long"


_PLACE = {TimeClass.FAST: 0, TimeClass.MEDIUM: 1, TimeClass.LONG: 2}


class Pulse(NamedTuple):
    """One signal as energy: its height in points at the peak, its class, when it happened."""

    points: float
    kind: TimeClass
    at: datetime


@dataclass(frozen=True, slots=True)
class Energy:
    """All signals of a lead, summed, as of `at` (aware).

    Per class S = Σ w·e^(-age) and R = Σ w·age·e^(-age), ages in units of tau; momentum = e·R.
    Linear, so signals come in any order, merge by adding and leave by subtracting (modelling §3.2).
    """

    at: datetime
    s: Triple = (0.0, 0.0, 0.0)
    r: Triple = (0.0, 0.0, 0.0)
    taus: Triple = DEFAULT_TAUS

    @classmethod
    def empty(cls, at: datetime, taus: Triple = DEFAULT_TAUS) -> Self:
        """Return no energy as of `at`; `taus` in hours (`MomentumPolicy.taus`)."""
        return cls(at, taus=taus)

    @property
    def spent(self) -> bool:
        """Whether nothing is left and nothing is coming."""
        return not any(self.s) and not any(self.r)

    def advanced(self, to: datetime) -> Self:
        """Return the same energy as of a later time; an earlier time changes nothing."""
        hours = _hours(to - self.at)
        if hours <= 0:
            return self
        s, r = [], []
        for tau, had, held in zip(self.taus, self.s, self.r, strict=True):
            d = hours / tau
            q = exp(-d)
            s.append(had * q)
            r.append((held + d * had) * q)
        return self._with(s, r, to)

    def add(self, points: float, kind: TimeClass, occurred_at: datetime) -> Self:
        """Return the energy with one more signal; late ones count as if they had come in time.

        A signal from after `at` (clocks differ) takes the energy forward to its own time.
        """
        ready = self.advanced(occurred_at)
        place = _PLACE[kind]
        age = _hours(ready.at - occurred_at) / ready.taus[place]
        s, r = list(ready.s), list(ready.r)
        left = points * exp(-age)
        s[place] += left
        r[place] += left * age
        return ready._with(s, r, ready.at)

    def retract(self, points: float, kind: TimeClass, occurred_at: datetime) -> Self:
        """Return the energy as if that signal had never been (consent withdrawn, double entry)."""
        return self.add(-points, kind, occurred_at)

    def merge(self, other: Self) -> Self:
        """Return the energy of two leads that turn out to be one.

        Raises:
            ValueError: built under other time constants; replay both from their events.
        """
        if self.taus != other.taus:
            raise ValueError(f"time constants differ: {self.taus} and {other.taus}")
        to = max(self.at, other.at)
        one, two = self.advanced(to), other.advanced(to)
        s = [a + b for a, b in zip(one.s, two.s, strict=True)]
        r = [a + b for a, b in zip(one.r, two.r, strict=True)]
        return one._with(s, r, to)

    def _with(self, s: list[float], r: list[float], at: datetime) -> Self:
        for place, (had, held) in enumerate(zip(s, r, strict=True)):
            if abs(had) < _NOTHING and abs(held) < _NOTHING:
                s[place] = r[place] = 0.0
        return replace(self, at=at, s=(s[0], s[1], s[2]), r=(r[0], r[1], r[2]))

    def momentum(self, at: datetime) -> float:
        """Points at `at`, never below 0; before the reference time, the points at that time."""
        return max(0.0, self.raw(at))

    def raw(self, at: datetime) -> float:
        """Points with their sign: net retractions and negative signals can dip below 0."""
        return value(self.wave, self._from(at))

    def slope(self, at: datetime) -> float:
        """Points per hour; positive while rising."""
        return value(derivative(self.wave), self._from(at))

    def by_class(self, at: datetime) -> dict[TimeClass, float]:
        """The summands of `raw`, one a time class."""
        ready = self.advanced(at)
        return {kind: e * ready.r[place] for kind, place in _PLACE.items()}

    @property
    def wave(self) -> Wave:
        """The active classes as terms in hours after `at`."""
        rows = zip(self.taus, self.r, self.s, strict=True)
        return tuple(Term(tau, e * r, e * s) for tau, r, s in rows if r or s)

    def peak(self, from_: datetime) -> tuple[datetime, float]:
        """The highest point from `from_` on: when, and how many points."""
        wave, start = self.wave, self._from(from_)
        tops = [(value(wave, hours), hours) for hours in [start, *self._tops(start)]]
        points, hours = max(tops, key=lambda top: top[0])
        return (from_ if hours == start else self._time(hours)), max(0.0, points)

    def next_top(self, from_: datetime) -> datetime | None:
        """When it next stops rising (a local peak), strictly ahead; None if it only falls."""
        top = next(self._tops(self._from(from_)), None)
        return None if top is None else max(from_, self._time(top))

    def spent_at(self, from_: datetime) -> datetime:
        """A time from which on less than a millionth of a point is left for good."""
        wave, start = self.wave, self._from(from_)
        return self._time(quiet_after(wave, _DEAD, start)) if wave else from_

    def next_crossing(self, level: float, from_: datetime, *, rising: bool) -> datetime | None:
        """When momentum next enters (rising, >=) or leaves (falling, <) `level` points.

        Solved in closed form for one active class, else by a search that cannot miss one;
        good to a microsecond. None if it never does.

        Raises:
            ValueError: the level is not positive.
        """
        if not level > 0:
            raise ValueError(f"level {level} is not positive")
        wave, start = self.wave, self._from(from_)
        if len(wave) == 1:
            hours = self._lone_crossing(wave, level, start, rising=rising)
        else:
            end = quiet_after(wave, level, start)
            hours = first_crossing(wave, level, start, end, rising=rising)
        return None if hours is None else max(from_, self._time(hours))

    def _lone_crossing(
        self, wave: Wave, level: float, start: float, *, rising: bool
    ) -> float | None:
        """The closed form; a crossing that rounding puts just before `start` is at `start`."""
        hours = crossing_hours(wave[0], level, rising=rising)
        if hours is not None and hours >= start:
            return hours
        below = value(wave, start) < level
        if rising:
            due = hours is not None and below and value(derivative(wave), start) > 0
        else:
            due = not below
        return start if due else None

    def _tops(self, start: float) -> Iterator[float]:
        wave = self.wave
        if len(wave) == 1:
            tau, a, b = wave[0]
            if b > 0 and (top := tau * (1 - a / b)) > start:
                yield top
        elif wave:
            end = quiet_after(wave, _DEAD, start)
            yield from (at for at, up in crossings(derivative(wave), 0.0, start, end) if not up)

    def _from(self, at: datetime) -> float:
        return max(0.0, _hours(at - self.at))

    def _time(self, hours: float) -> datetime:
        """The first microsecond at or after `hours`, so that what was solved for holds there."""
        return self.at + timedelta(microseconds=ceil(hours * 3_600_000_000))

    def to_json(self) -> dict[str, Any]:
        """Plain floats: seconds since 1970, hours and points."""
        return {
            "at": self.at.timestamp(),
            "s": list(self.s),
            "r": list(self.r),
            "taus": list(self.taus),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Return what `to_json` kept, in UTC."""
        s, r, taus = ([float(x) for x in kept[key]] for key in ("s", "r", "taus"))
        return cls(
            datetime.fromtimestamp(kept["at"], UTC),
            (s[0], s[1], s[2]),
            (r[0], r[1], r[2]),
            (taus[0], taus[1], taus[2]),
        )


def captured(at: datetime, policy: MomentumPolicy) -> Energy:
    """The energy of a lead that arrives at `at`."""
    return Energy.empty(at, policy.taus).add(policy.capture_points, TimeClass.FAST, at)


def touched(energy: Energy, at: datetime, policy: MomentumPolicy) -> Energy:
    """The energy after a follow-up at `at`."""
    return energy.add(policy.touch_points, TimeClass.MEDIUM, at)


def replayed(pulses: Iterable[Pulse], at: datetime, policy: MomentumPolicy) -> Energy:
    """The energy rebuilt from its signals, as of `at` or of the last signal if that is later."""
    energy = Energy.empty(at, policy.taus)
    for pulse in pulses:
        energy = energy.add(pulse.points, pulse.kind, pulse.at)
    return energy


def traced(
    pulses: Iterable[Pulse], times: Iterable[datetime], policy: MomentumPolicy
) -> tuple[tuple[datetime, float], ...]:
    """Momentum at past and coming times from the signals themselves: the curve with its history."""
    known = list(pulses)
    return tuple((at, max(0.0, sum(_share(p, at, policy) for p in known))) for at in times)


def _share(pulse: Pulse, at: datetime, policy: MomentumPolicy) -> float:
    """What one signal contributes at `at`: nothing before it happened."""
    age = max(0.0, _hours(at - pulse.at)) / policy.taus[_PLACE[pulse.kind]]
    return pulse.points * age * exp(1 - age)


def _hours(span: timedelta) -> float:
    return span / timedelta(hours=1)
