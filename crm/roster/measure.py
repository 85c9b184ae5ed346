"""What the rules measure: each a value beside its limit, kept or broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crm.roster.model import (
    DAYS,
    PHARMACIST,
    SLOT_MINUTES,
    Pattern,
    Week,
    Worker,
    clock,
    skill_name,
)
from crm.roster.policy import RosterPolicy

Line = Sequence[Pattern | None]
"""One person's seven days, None where free."""

NIGHT_FROM, NIGHT_TO = 22 * 60, 6 * 60  # 女职工劳动保护特别规定: 22:00 to 06:00
_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Measure:
    """One rule measured once; `least` turns the limit from a ceiling into a floor."""

    code: str
    worker: int | None
    day: int | None
    value: float
    limit: float
    least: bool = False
    note: str = ""

    @property
    def margin(self) -> float:
        """What is left before the rule breaks, in the rule's unit; negative when broken."""
        return self.value - self.limit if self.least else self.limit - self.value

    @property
    def broken(self) -> bool:
        return self.margin < -_EPSILON


def worker_measures(
    worker: Worker, line: Line, week: Week, policy: RosterPolicy
) -> Iterator[Measure]:
    """All rules that protect one person, over the week and day by day."""
    for day, pattern in enumerate(line):
        if pattern is not None:
            yield from day_measures(worker, day, pattern, week, policy)
    yield from _hours(worker, line, policy)
    yield from _rest(worker, line, policy)
    yield from _gaps(worker, line, policy)


def day_measures(
    worker: Worker, day: int, pattern: Pattern, week: Week, policy: RosterPolicy
) -> Iterator[Measure]:
    """Rules that one shift can break by itself, whatever else the week holds."""
    yield Measure("DAY_MAX", worker.id, day, pattern.paid_minutes / 60, policy.day_max_hours)
    date = week.date(day)
    yield Measure("LEAVE", worker.id, day, float(date in worker.leave), 0)
    if pattern.end - pattern.start >= 6 * 60:
        yield Measure("BREAK", worker.id, day, _good_break(pattern), 30, least=True)
    if pattern.skill:
        held = any(grant.skill == pattern.skill for grant in worker.grants)
        value = float(worker.can(pattern.skill, date))
        code = "CERT" if held else "SKILL"
        yield Measure(code, worker.id, day, value, 1, True, skill_name(pattern.skill))
    for code in protections(worker):
        note = f"不得上夜班（22:00–6:00），{clock(pattern.start)}–{clock(pattern.end)}"
        yield Measure(code, worker.id, day, _night_minutes(pattern) / 60, 0, note=note)


def protections(worker: Worker) -> list[str]:
    """The codes that forbid this person nights and overtime."""
    flags = (("PREG", worker.pregnant), ("NURSE", worker.nursing), ("MINOR", worker.minor))
    return [code for code, given in flags if given]


def gap_minutes(earlier: Pattern, later: Pattern) -> int:
    """Rest between shifts of two days in a row."""
    return later.start + 24 * 60 - earlier.end


def store_measures(
    lines: Sequence[tuple[Worker, Line]], week: Week, policy: RosterPolicy
) -> Iterator[Measure]:
    """Rules about who is in the store, for each open day."""
    for day in range(DAYS):
        slots = week.open_slots(day)
        if not slots:
            continue
        here = [(w, p) for w, line in lines if (p := line[day]) is not None]
        if week.shop.licensed:
            yield _licence(here, day, slots, week, policy)
        for code, word, slot in (("OPEN", "开门", slots[0]), ("CLOSE", "关门", slots[-1])):
            people = [w for w, pattern in here if slot in pattern.working()]
            yield Measure(code, None, day, len(people), policy.open_people, least=True)
            keys = sum(w.key_holder for w in people)
            yield Measure("KEY", None, day, keys, 1, least=True, note=word)


def on_licence(pattern: Pattern, policy: RosterPolicy) -> Sequence[int]:
    """The half-hours for which a pharmacist on this pattern counts as on duty."""
    return pattern.present() if policy.pharmacist_break_counts else pattern.working()


def _licence(
    here: Sequence[tuple[Worker, Pattern]], day: int, slots: range, week: Week, policy: RosterPolicy
) -> Measure:
    date = week.date(day)
    duty = {
        slot
        for worker, pattern in here
        if worker.can(PHARMACIST.code, date)
        for slot in on_licence(pattern, policy)
    }
    bare = [slot for slot in slots if slot not in duty]
    note = ""
    if bare:
        note = f"{clock(bare[0] * SLOT_MINUTES)}–{clock((bare[-1] + 1) * SLOT_MINUTES)}"
    return Measure("LICENSE", None, day, len(bare) * SLOT_MINUTES / 60, 0, note=note)


def _hours(worker: Worker, line: Line, policy: RosterPolicy) -> Iterator[Measure]:
    worked = [pattern for pattern in line if pattern is not None]
    hours = sum(pattern.paid_minutes for pattern in worked) / 60
    over = max(0.0, hours - policy.week_standard_hours)
    who = worker.id
    yield Measure("WEEK_MAX", who, None, hours, worker.contract.max_hours)
    yield Measure("WEEK_CAP", who, None, hours, policy.week_cap_hours)
    month = worker.history.overtime_minutes / 60 + over
    if over or month <= policy.overtime_month_hours:  # what is past cannot be rostered away
        yield Measure("OT_MONTH", who, None, month, policy.overtime_month_hours)
    if worker.contract.part:
        yield Measure("PART", who, None, hours, policy.part_week_hours)
        mean = hours / len(worked) if worked else 0.0
        yield Measure("PART_DAY", who, None, mean, policy.part_day_hours)
    for code in protections(worker):
        note = f"不得加班，本周已排 {hours:g} 小时"
        yield Measure(code, who, None, over, 0, note=note)


def _rest(worker: Worker, line: Line, policy: RosterPolicy) -> Iterator[Measure]:
    worked = sum(pattern is not None for pattern in line)
    yield Measure("DAYS_MAX", worker.id, None, worked, worker.contract.days_max)
    yield Measure("REST_WEEK", worker.id, None, DAYS - worked, policy.rest_week_days, least=True)
    run, longest, at = worker.history.run_days, 0, 0
    for day, pattern in enumerate(line):
        run = 0 if pattern is None else run + 1
        if run > longest:
            longest, at = run, day
    yield Measure("CONSEC", worker.id, at, longest, policy.consecutive_days)


def _gaps(worker: Worker, line: Line, policy: RosterPolicy) -> Iterator[Measure]:
    end = worker.history.last_end_minutes
    for day, pattern in enumerate(line):
        if pattern is None:
            continue
        start = day * 24 * 60 + pattern.start
        if end is not None:
            hours = (start - end) / 60
            yield Measure("GAP", worker.id, day, hours, policy.gap_hours, least=True)
        end = day * 24 * 60 + pattern.end


def _good_break(pattern: Pattern) -> float:
    """Minutes of the break if it lies between hours 3 and 6 and is at most an hour, else 0."""
    begins = pattern.break_start - pattern.start
    fits = 180 <= begins <= 360 and pattern.break_minutes <= 60
    return float(pattern.break_minutes) if fits else 0.0


def _night_minutes(pattern: Pattern) -> int:
    early = max(0, min(pattern.end, NIGHT_TO) - pattern.start)
    return early + max(0, pattern.end - max(pattern.start, NIGHT_FROM))
