"""The three states of a lead and the solved moments when they change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from crm.momentum.energy import Energy, TimeClass
from crm.momentum.policy import MomentumPolicy

_DIP = -1e-6  # points: further below zero nothing counts as rising


class Heat(StrEnum):
    """How a lead stands."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"

    @property
    def label(self) -> str:
        """The state in words."""
        return _LABELS[self]


_LABELS = {Heat.GREEN: "绿色激活", Heat.YELLOW: "黄色预警", Heat.RED: "红色熔断"}
_CLASS_LABELS = {TimeClass.FAST: "快信号", TimeClass.MEDIUM: "中信号", TimeClass.LONG: "慢信号"}


class Change(NamedTuple):
    """A lead enters a state at a time."""

    at: datetime
    heat: Heat


def next_change(
    heat: Heat, energy: Energy, from_: datetime, policy: MomentumPolicy
) -> Change | None:
    """The very next change of state at or after `from_`, or None if this state is for ever.

    Down: the first moment below a threshold and not rising, so a weak lead turns at its peak and a
    young one is left alone. Up: on reaching the threshold plus hysteresis. `at == from_` means now.
    """
    down = _first_sinking(energy, from_, policy, heat)
    up = _first_recovery(energy, from_, policy, heat)
    return min((c for c in (down, up) if c is not None), key=lambda c: c.at, default=None)


def changes(
    heat: Heat, energy: Energy, from_: datetime, until: datetime, policy: MomentumPolicy
) -> Iterator[Change]:
    """All changes from `from_` to `until`, in order, if nothing else happens to the lead."""
    while True:
        change = next_change(heat, energy, from_, policy)
        if change is None or change.at > until:
            return
        yield change
        from_, heat = change


def heat_now(heat: Heat, energy: Energy, at: datetime, policy: MomentumPolicy) -> Heat:
    """The state at `at` of a lead that stood at `heat`, after the energy or the policy changed."""
    for change in changes(heat, energy, at, at, policy):
        heat = change.heat
    return heat


def _first_sinking(
    energy: Energy, from_: datetime, policy: MomentumPolicy, heat: Heat
) -> Change | None:
    if heat is Heat.RED:
        return None
    level = policy.yellow_below if heat is Heat.GREEN else policy.red_below
    at = _first_below(energy, level, from_)
    deep = energy.raw(at) < policy.red_below
    return Change(at, Heat.RED if deep or heat is Heat.YELLOW else Heat.YELLOW)


def _first_below(energy: Energy, level: float, from_: datetime) -> datetime:
    """The first moment below `level` and not rising; it always comes, since all energy fades."""
    at = from_
    while energy.raw(at) < level:
        if energy.raw(at) < _DIP or energy.slope(at) <= 0:
            return at
        top = energy.next_top(at)
        if top is None:
            return max(at, energy.spent_at(at))
        if energy.raw(top) < level:
            return top
        at = top
    falling = energy.next_crossing(level, at, rising=False)
    return falling if falling is not None else energy.spent_at(at)


def _first_recovery(
    energy: Energy, from_: datetime, policy: MomentumPolicy, heat: Heat
) -> Change | None:
    if heat is Heat.GREEN:
        return None
    if energy.raw(from_) >= policy.green_from:
        return Change(from_, Heat.GREEN)
    level, after = policy.green_from, Heat.GREEN
    if heat is Heat.RED:
        level, after = policy.yellow_from, Heat.YELLOW
        if energy.raw(from_) >= level:
            return Change(from_, after)
    at = energy.next_crossing(level, from_, rising=True)
    return None if at is None else Change(at, after)


def curve(
    energy: Energy, start: datetime, end: datetime, n: int
) -> tuple[tuple[datetime, float], ...]:
    """Return `n` >= 2 evenly spaced points of the curve ahead; for the past see `traced`."""
    step = (end - start) / (n - 1)
    times = [start + k * step for k in range(n - 1)] + [end]
    return tuple((at, energy.momentum(at)) for at in times)


def explain(heat: Heat, energy: Energy, at: datetime, policy: MomentumPolicy) -> tuple[str, ...]:
    """Say in Chinese why a lead stands where it does and what comes next.

    Times are worded in the zone of `at`; the parts in the second line sum to the points.
    """
    points, rising = energy.momentum(at), energy.slope(at) > 0
    parts = [
        f"{_CLASS_LABELS[kind]} {share:.1f} 分"
        for kind, share in energy.by_class(at).items()
        if abs(share) >= 0.05
    ]
    trend = "正在上升" if rising else "正在衰减"
    lines = [f"动能 {points:.1f} 分，{heat.label}，{trend}"]
    if parts:
        lines.append("构成：" + "，".join(parts))
    when, top = energy.peak(at)
    if rising and when > at:
        lines.append(f"预计 {_worded(when, at)} 达到峰值 {top:.0f} 分")
    coming = next_change(heat, energy, at, policy)
    if coming is not None and coming.at - at < timedelta(minutes=1):
        lines.append(f"即刻转为{coming.heat.label}")
    elif coming is not None:
        lines.append(f"若无新动作，将于 {_worded(coming.at, at)} 转为{coming.heat.label}")
    return tuple(lines)


def _worded(at: datetime, seen: datetime) -> str:
    """A time in the reader's zone: month, day and minute."""
    local = at.astimezone(seen.tzinfo)
    return f"{local.month}月{local.day}日 {local:%H:%M}"
