"""A week compiled for solving: who may work what, what the store wants, what each miss costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from crm.roster.measure import Line, day_measures, protections
from crm.roster.model import DAYS, OFF, PHARMACIST, Pattern, Week, Worker
from crm.roster.policy import RosterPolicy, Weights, weights

LEGAL_POINTS = 1000.0
"""Price of a store rule that cannot be kept, such as no pharmacist for half an hour: so far above
the others that it is kept whenever the people are there. Rules that protect a person have none."""

COVER, SKILL, LEGAL = "客流缺口", "资质缺口", "门店硬规则"
SPARE, CONTRACT, OVERTIME, WISH, CLOSING = "人手富余", "偏离合同工时", "加班", "心愿", "晚班公平"


@dataclass(frozen=True, slots=True)
class Want:
    """So many of some people in one half-hour; `present` counts those on their break too."""

    part: str
    day: int
    slot: int
    need: int
    who: frozenset[int]
    skill: str = ""
    present: bool = False
    first: float = LEGAL_POINTS
    more: float = LEGAL_POINTS
    spare: float = 0.0

    def cost(self, have: int) -> tuple[float, float]:
        """Points for (missing, spare) people when `have` are there."""
        missing = max(0, self.need - have)
        first = self.first if missing else 0.0
        return first + max(0, missing - 1) * self.more, max(0, have - self.need) * self.spare


@dataclass(frozen=True, slots=True)
class Limits:
    """What one person may do: options a day, and ceilings and aims of the week (minutes)."""

    worker: Worker
    options: tuple[tuple[Pattern, ...], ...]
    cap: int
    days: int
    target: float
    least: float


class Problem:
    """The week, its wants and everybody's limits, ready for the searches. Not changed by them."""

    def __init__(self, week: Week, policy: RosterPolicy) -> None:
        self.week, self.policy = week, policy
        self.weights: Weights = weights(policy)
        self.limits = {worker.id: limits(worker, week, policy) for worker in week.workers}
        self.wants = tuple(_wants(week, policy, self.weights))
        self._hits: dict[tuple[int, int, str], tuple[int, ...]] = {}
        self._last = {day: slots[-1] for day in range(DAYS) if (slots := week.open_slots(day))}

    @cached_property
    def _at(self) -> dict[tuple[int, int], list[int]]:
        places: dict[tuple[int, int], list[int]] = {}
        for number, want in enumerate(self.wants):
            places.setdefault((want.day, want.slot), []).append(number)
        return places

    @cached_property
    def fair_closings(self) -> float:
        """Closings a head over the last four weeks and this one."""
        past = sum(worker.history.closings for worker in self.week.workers)
        coming = len(self._last) * self.policy.open_people
        return (past + coming) / max(1, len(self.week.workers))

    def hits(self, worker_id: int, day: int, pattern: Pattern) -> tuple[int, ...]:
        """The wants that this person helps to fill by working the pattern that day."""
        key = (worker_id, day, pattern.id)
        if key not in self._hits:
            working = frozenset(pattern.working())
            self._hits[key] = tuple(
                number
                for slot in pattern.present()
                for number in self._at.get((day, slot), ())
                if worker_id in self.wants[number].who
                and (self.wants[number].present or slot in working)
            )
        return self._hits[key]

    def closes(self, day: int, pattern: Pattern) -> bool:
        """Whether the pattern stays until the store closes."""
        return self._last.get(day) in pattern.working()

    def wish_points(self, worker: Worker, day: int, pattern: Pattern | None) -> float:
        """The price of what the person did not wish on that day."""
        worked = OFF if pattern is None else pattern.kind
        refused = (w.weight for w in worker.wishes if w.day == day and w.want != worked)
        return self.weights.wish * sum(refused)

    def person_parts(self, worker_id: int, minutes: float, closings: int) -> dict[str, float]:
        """Points of one person's week, but for the wishes, by part."""
        mine, price = self.limits[worker_id], self.weights
        off_hours = abs(minutes - mine.target) / 60
        below_hours = max(0.0, mine.least - minutes) / 60
        over_hours = max(0.0, minutes / 60 - self.policy.week_standard_hours)
        beyond = max(0.0, closings + mine.worker.history.closings - self.fair_closings)
        return {
            CONTRACT: off_hours * price.off_contract_hour + below_hours * price.below_minimum_hour,
            OVERTIME: over_hours * price.overtime_hour,
            CLOSING: beyond * price.closing,
        }

    def person_points(self, worker_id: int, minutes: float, closings: int) -> float:
        return sum(self.person_parts(worker_id, minutes, closings).values())

    def line_parts(self, worker_id: int, line: Line) -> dict[str, float]:
        """All points of one person's week, by part."""
        worker = self.limits[worker_id].worker
        minutes = sum(pattern.paid_minutes for pattern in line if pattern)
        closings = sum(bool(p and self.closes(day, p)) for day, p in enumerate(line))
        wishes = sum(self.wish_points(worker, day, p) for day, p in enumerate(line))
        return {**self.person_parts(worker_id, minutes, closings), WISH: wishes}


def limits(worker: Worker, week: Week, policy: RosterPolicy) -> Limits:
    """What the rules leave a person; everything within it and the gap and run rules is legal."""
    contract, history = worker.contract, worker.history
    overtime = max(0.0, policy.overtime_month_hours - history.overtime_minutes / 60)
    standard = policy.week_standard_hours
    caps = [contract.max_hours, policy.week_cap_hours, standard + overtime]
    caps += [policy.part_week_hours] if contract.part else []
    caps += [standard] if protections(worker) else []
    days = min(contract.days_max, DAYS - policy.rest_week_days)
    away = sum(week.date(day) in worker.leave for day in range(DAYS))
    share = max(0, 5 - away) / 5  # a day of leave counts as a fifth of the week done
    return Limits(
        worker,
        tuple(_options(worker, day, week, policy) for day in range(DAYS)),
        int(min(caps) * 60 + 1e-6),
        days,
        min(contract.target_hours * share, min(caps)) * 60,
        min(contract.min_hours * share, min(caps)) * 60,
    )


def _options(worker: Worker, day: int, week: Week, policy: RosterPolicy) -> tuple[Pattern, ...]:
    hours = week.shop.hours[day]
    if hours is None:
        return ()
    found = []
    for pattern in week.patterns:
        suits = pattern.part == worker.contract.part
        if worker.contract.part and pattern.paid_minutes > policy.part_day_hours * 60:
            suits = False
        rested = _rested(worker, day, pattern, policy)
        inside = hours[0] <= pattern.start and pattern.end <= hours[1]
        if suits and rested and inside:
            broken = any(m.broken for m in day_measures(worker, day, pattern, week, policy))
            found += [] if broken else [pattern]
    return tuple(found)


def _rested(worker: Worker, day: int, pattern: Pattern, policy: RosterPolicy) -> bool:
    end = worker.history.last_end_minutes
    start = day * 24 * 60 + pattern.start
    return end is None or start - end >= policy.gap_hours * 60


def _wants(week: Week, policy: RosterPolicy, price: Weights) -> list[Want]:
    everyone = frozenset(worker.id for worker in week.workers)
    found = []
    for wish in week.demand:
        who = _able(week, wish.skill, wish.day) if wish.skill else everyone
        found.append(
            Want(
                SKILL if wish.skill else COVER,
                wish.day,
                wish.slot,
                wish.need,
                who,
                wish.skill,
                first=price.missing_skill if wish.skill else price.missing_first,
                more=price.missing_skill if wish.skill else price.missing_more,
                spare=0.0 if wish.skill else price.spare,
            )
        )
    for day in range(DAYS):
        found += _store_wants(week, day, policy, everyone)
    return found


def _store_wants(
    week: Week, day: int, policy: RosterPolicy, everyone: frozenset[int]
) -> list[Want]:
    slots: Sequence[int] = week.open_slots(day)
    if not slots:
        return []
    able = _able(week, PHARMACIST.code, day)
    keys = frozenset(worker.id for worker in week.workers if worker.key_holder)
    found = []
    if week.shop.licensed:
        found += [
            Want(LEGAL, day, slot, 1, able, PHARMACIST.code, policy.pharmacist_break_counts)
            for slot in slots
        ]
    for slot in {slots[0], slots[-1]}:
        found += [Want(LEGAL, day, slot, policy.open_people, everyone)]
        found += [Want(LEGAL, day, slot, 1, keys)]
    return found


def _able(week: Week, skill: str, day: int) -> frozenset[int]:
    date = week.date(day)
    return frozenset(worker.id for worker in week.workers if worker.can(skill, date))
