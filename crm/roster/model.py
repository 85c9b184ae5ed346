"""A store's week as values: people, certificates, shift patterns, demand, and the roster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

DAYS = 7
SLOT_MINUTES = 30
SLOTS = 24 * 60 // SLOT_MINUTES  # half-hours of a day, 0 is 00:00–00:30
OFF = ""  # the pattern id of a day off
DAY_NAMES = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


@dataclass(frozen=True, slots=True)
class Skill:
    """What somebody can do; a certified one needs a certificate that is valid on the day."""

    code: str
    name: str
    certified: bool


PHARMACIST = Skill("pharmacist", "执业药师", True)
CHRONIC = Skill("chronic", "慢病管理咨询资质", True)
INSURANCE = Skill("insurance", "医保结算熟练度", False)
SKILLS = (PHARMACIST, CHRONIC, INSURANCE)


def skill_name(code: str) -> str:
    """The Chinese name of a skill code; an unknown code names itself, "" is anybody."""
    return next((skill.name for skill in SKILLS if skill.code == code), code or "在岗人数")


@dataclass(frozen=True, slots=True)
class Grant:
    """Somebody's skill; both dates count as valid, None is open-ended."""

    skill: str
    valid_from: date | None = None
    valid_to: date | None = None

    def valid(self, day: date) -> bool:
        after = self.valid_from is None or self.valid_from <= day
        return after and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Contract:
    """Hours a week: what was agreed and the most allowed. `part` is 非全日制."""

    part: bool = False
    target_hours: float = 40.0
    min_hours: float = 32.0
    max_hours: float = 44.0
    days_max: int = 6


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody would like on a day: `OFF`, or a pattern's `kind`; weight 1–3."""

    day: int
    want: str = OFF
    weight: int = 1


@dataclass(frozen=True, slots=True)
class History:
    """All that the week needs from the past.

    `last_end_minutes` counts from this Monday 00:00, so Sunday 22:00 is -120; None = long ago.
    `closings` are those of the last four weeks; `overtime_minutes` is this month's so far.
    """

    run_days: int = 0
    last_end_minutes: int | None = None
    overtime_minutes: int = 0
    closings: int = 0


@dataclass(frozen=True, slots=True)
class Worker:
    """One person of the store; `leave` are dates on which they cannot work."""

    id: int
    name: str
    contract: Contract = Contract()
    grants: tuple[Grant, ...] = ()
    key_holder: bool = False
    pregnant: bool = False  # from the seventh month
    nursing: bool = False  # child under one year
    minor: bool = False  # 16 or 17
    leave: frozenset[date] = frozenset()
    wishes: tuple[Wish, ...] = ()
    history: History = History()

    def can(self, skill: str, day: date) -> bool:
        """Whether the skill is held and valid on the day; everybody can ""."""
        return not skill or any(g.skill == skill and g.valid(day) for g in self.grants)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way to work a day: minutes after midnight, one break, and for whom it is offered.

    `kind` is morning, day or evening (a tone of the picture too); `skill` is a code that whoever
    works it must hold. Raises ValueError for times out of order or off the half-hour.
    """

    id: str
    label: str
    start: int
    end: int
    break_start: int = 0
    break_minutes: int = 0
    kind: str = "day"
    part: bool = False  # offered to part-timers, the others to full-timers
    skill: str = ""

    def __post_init__(self) -> None:
        times = (self.start, self.end, self.break_start, self.break_minutes)
        if any(minutes % SLOT_MINUTES for minutes in times):
            raise ValueError(f"pattern {self.id}: times must lie on half-hours")
        if not 0 <= self.start < self.end <= SLOTS * SLOT_MINUTES:
            raise ValueError(f"pattern {self.id}: must start before it ends, within one day")
        stop = self.break_start + self.break_minutes
        if self.break_minutes and not self.start < self.break_start < stop < self.end:
            raise ValueError(f"pattern {self.id}: the break must lie inside")

    @property
    def paid_minutes(self) -> int:
        return self.end - self.start - self.break_minutes

    @property
    def hours(self) -> str:
        return f"{clock(self.start)}–{clock(self.end)}"

    def present(self) -> range:
        """Half-hours spent in the store, the break included."""
        return range(self.start // SLOT_MINUTES, self.end // SLOT_MINUTES)

    def working(self) -> tuple[int, ...]:
        """Half-hours that serve customers."""
        stop = self.break_start + self.break_minutes
        return tuple(s for s in self.present() if not self.break_start <= s * SLOT_MINUTES < stop)


@dataclass(frozen=True, slots=True)
class Demand:
    """How many people, of a skill or "" for any, one half-hour of one day needs."""

    day: int
    slot: int
    skill: str
    need: int


@dataclass(frozen=True, slots=True)
class Shop:
    """A store: seven (open, close) pairs in minutes, None on a closed day.

    `licensed`: sells prescription goods, so a licensed pharmacist must be there while it is open.
    """

    id: int
    name: str
    hours: tuple[tuple[int, int] | None, ...] = ((8 * 60, 22 * 60),) * DAYS
    licensed: bool = True


@dataclass(frozen=True, slots=True)
class Week:
    """Everything that rostering one store's week needs; day 0 is `monday`."""

    shop: Shop
    monday: date
    workers: tuple[Worker, ...]
    patterns: tuple[Pattern, ...]
    demand: tuple[Demand, ...] = ()

    def date(self, day: int) -> date:
        return self.monday + timedelta(days=day)

    def worker(self, worker_id: int) -> Worker | None:
        return next((worker for worker in self.workers if worker.id == worker_id), None)

    def pattern(self, pattern_id: str) -> Pattern | None:
        return next((pattern for pattern in self.patterns if pattern.id == pattern_id), None)

    def open_slots(self, day: int) -> range:
        hours = self.shop.hours[day]
        return range(hours[0] // SLOT_MINUTES, hours[1] // SLOT_MINUTES) if hours else range(0)


@dataclass(frozen=True, slots=True)
class Roster:
    """Who works what: sorted (worker id, day, pattern id); a pair that is absent is off."""

    cells: tuple[tuple[int, int, str], ...] = field(default=())

    @staticmethod
    def of(cells: Mapping[tuple[int, int], str]) -> Roster:
        """From {(worker id, day): pattern id}; `OFF` cells are left out."""
        return Roster(tuple(sorted((w, d, p) for (w, d), p in cells.items() if p != OFF)))

    def as_map(self) -> dict[tuple[int, int], str]:
        return {(worker, day): pattern for worker, day, pattern in self.cells}

    def line(self, worker_id: int) -> tuple[str, ...]:
        """Seven pattern ids, `OFF` where free."""
        mine = {day: pattern for worker, day, pattern in self.cells if worker == worker_id}
        return tuple(mine.get(day, OFF) for day in range(DAYS))

    def moved(self, worker_id: int, day: int, pattern_id: str) -> Roster:
        """The same roster with one cell set; `OFF` frees it."""
        return Roster.of({**self.as_map(), (worker_id, day): pattern_id})

    def changes(self, later: Roster) -> tuple[tuple[int, int, str, str], ...]:
        """What a later version changed: (worker id, day, pattern id before, after), sorted."""
        old, new = self.as_map(), later.as_map()
        cells = sorted(old.keys() | new.keys())
        both = ((*cell, old.get(cell, OFF), new.get(cell, OFF)) for cell in cells)
        return tuple(change for change in both if change[2] != change[3])


def clock(minutes: int) -> str:
    """Minutes after midnight as "08:30"."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def hours_words(minutes: float) -> str:
    """Minutes as "37.5 小时"."""
    return f"{minutes / 60:g} 小时"
