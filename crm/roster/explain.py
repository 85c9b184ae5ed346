"""Why the roster is as it is: hardest hours, each person's week, each shift's reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from crm.roster.board import Board
from crm.roster.measure import Measure
from crm.roster.model import (
    DAY_NAMES,
    SLOT_MINUTES,
    Pattern,
    Worker,
    clock,
    hours_words,
    skill_name,
)
from crm.roster.problem import COVER, LEGAL, Problem
from crm.roster.rules import RULES, STORE_CODES, Violation, check, measured


@dataclass(frozen=True, slots=True)
class Hardest:
    """Half-hours in a row that are short, or tight: what is wanted, who is there, and why."""

    day: int
    start: int  # minutes after midnight
    end: int
    skill: str
    need: int
    have: int
    why: str

    @property
    def when(self) -> str:
        return f"{DAY_NAMES[self.day]} {clock(self.start)}–{clock(self.end)}"


@dataclass(frozen=True, slots=True)
class PersonWeek:
    """One person's planned week; minutes, and the contract's aim in minutes (leave taken off)."""

    worker: int
    name: str
    minutes: int
    target_minutes: float
    days: int
    closings: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody works that day: points the week would lose without, and the main reason."""

    worker: int
    day: int
    words: str
    points: float


@dataclass(frozen=True, slots=True)
class RuleSheet:
    """One rule over the whole week: how often broken, and where it is tightest."""

    code: str
    label: str
    broken: int
    tightest: str
    margin: float


def hardest(board: Board, *, most: int = 3) -> tuple[Hardest, ...]:
    """The wants with the dearest shortage; where nothing is short, the busiest tight ones."""
    runs = list(_runs(board))
    short = sorted(runs, key=lambda run: (_dear(board, run), run))
    return tuple(_hardest(board, run) for run in short[:most])


def people(board: Board) -> tuple[PersonWeek, ...]:
    """Hours, days and closings a person, in the order of the week's people."""
    problem = board.problem
    found = []
    for worker in problem.week.workers:
        worked = [(day, p) for day, p in enumerate(board.lines[worker.id]) if p]
        found.append(
            PersonWeek(
                worker.id,
                worker.name,
                sum(pattern.paid_minutes for _, pattern in worked),
                problem.limits[worker.id].target,
                len(worked),
                sum(problem.closes(day, pattern) for day, pattern in worked),
            )
        )
    return tuple(found)


def reasons(board: Board) -> tuple[Reason, ...]:
    """One reason a shift, found by freeing the cell and counting what the week loses."""
    return tuple(
        _reason(board, worker, day, pattern)
        for worker in board.problem.week.workers
        for day, pattern in enumerate(board.lines[worker.id])
        if pattern is not None
    )


def compliance(board: Board) -> tuple[RuleSheet, ...]:
    """Each rule that applied, by the same measures that `check` judges by."""
    problem = board.problem
    found: dict[str, list[Measure]] = {}
    for measure in measured(board.roster(), problem.week, problem.policy):
        found.setdefault(measure.code, []).append(measure)
    return tuple(_sheet(code, found[code], problem) for code in RULES if code in found)


def advice(violations: tuple[Violation, ...], problem: Problem) -> tuple[str, ...]:
    """What a store manager can do about store rules that nobody's hours could keep."""
    codes = {violation.code for violation in violations} & STORE_CODES
    able = max((len(w.who) for w in problem.wants if w.part == LEGAL and w.skill), default=0)
    said = {
        "LICENSE": f"本周可用执业药师 {able} 名，盖不满营业时间：请从邻店借调、续期证书，"
        "或在缺岗时段停售处方药",
        "OPEN": "开门人手不足：请调整请假或从邻店借人，或推迟开门",
        "CLOSE": "关门人手不足：请调整请假或从邻店借人，或提前关门",
        "KEY": "持钥匙的人不够：请再授权一名员工持钥匙",
    }
    return tuple(words for code, words in said.items() if code in codes)


def _runs(board: Board) -> Iterator[tuple[int, ...]]:
    """Want numbers grouped into neighbouring half-hours of equal need and presence."""
    group: list[int] = []
    wants = board.problem.wants
    order = sorted(
        (n for n, want in enumerate(wants) if want.need and (want.part != LEGAL or want.skill)),
        key=lambda n: (wants[n].part, wants[n].skill, wants[n].day, wants[n].slot),
    )
    for number in order:
        if group and not _same_run(board, group[-1], number):
            yield tuple(group)
            group = []
        group.append(number)
    if group:
        yield tuple(group)


def _same_run(board: Board, before: int, number: int) -> bool:
    old, new = board.problem.wants[before], board.problem.wants[number]
    alike = (old.part, old.skill, old.day, old.need) == (new.part, new.skill, new.day, new.need)
    in_row = alike and new.slot == old.slot + 1
    return in_row and board.counts[before] == board.counts[number]


def _dear(board: Board, run: tuple[int, ...]) -> tuple[float, int, int]:
    """Sorts the dearest shortage first; then the least spare, then the most needed."""
    want, have = board.problem.wants[run[0]], board.counts[run[0]]
    return -want.cost(have)[0] * len(run), max(0, have - want.need), -want.need


def _hardest(board: Board, run: tuple[int, ...]) -> Hardest:
    want, last = board.problem.wants[run[0]], board.problem.wants[run[-1]]
    have = board.counts[run[0]]
    start, end = want.slot * SLOT_MINUTES, (last.slot + 1) * SLOT_MINUTES
    why = _why_short(board, run[0]) if have < want.need else "刚好够，有人临时请假就会缺人"
    if have > want.need:
        why = f"多 {have - want.need} 人，余量充足"
    return Hardest(want.day, start, end, want.skill, want.need, have, why)


def _why_short(board: Board, number: int) -> str:
    """Why those who could have come do not, counted: "请假 1 人、工时已满 2 人"."""
    problem = board.problem
    want = problem.wants[number]
    counts = Counter(
        _why_absent(board, worker, want.day, number)
        for worker in problem.week.workers
        if worker.id in want.who
    )
    counts.pop("", None)
    named = "、".join(f"{words} {many} 人" for words, many in counts.most_common())
    return named or (f"没有可用的{skill_name(want.skill)}" if want.skill else "全员都已在岗")


def _why_absent(board: Board, worker: Worker, day: int, number: int) -> str:
    problem, mine = board.problem, board.problem.limits[worker.id]
    pattern = board.lines[worker.id][day]
    if pattern is not None:
        there = number in problem.hits(worker.id, day, pattern)
        slot = problem.wants[number].slot
        return "" if there else "正在班中休息" if slot in pattern.present() else "当天上别的班"
    if problem.week.date(day) in worker.leave:
        return "请假"
    fitting = [p for p in mine.options[day] if number in problem.hits(worker.id, day, p)]
    if not fitting:
        return "没有合适的班次"
    roster = board.roster()
    blocked = Counter[str]()
    for option in fitting:
        found = check(roster.moved(worker.id, day, option.id), problem.week, problem.policy)
        codes = [v.code for v in found if v.worker == worker.id]
        if not codes:
            return "加排会超合同或不划算"
        blocked[_blocking(codes[0])] += 1
    return blocked.most_common(1)[0][0]


def _blocking(code: str) -> str:
    if code in {"WEEK_MAX", "WEEK_CAP", "OT_MONTH", "PART", "PREG", "NURSE", "MINOR"}:
        return "工时已满"
    return {"GAP": "两班间隔不够", "CONSEC": "须休息"}.get(code, "须休息")


def _reason(board: Board, worker: Worker, day: int, pattern: Pattern) -> Reason:
    problem, line = board.problem, board.lines[worker.id]
    before = problem.line_parts(worker.id, line)
    board.put(worker.id, day, None)
    after = problem.line_parts(worker.id, board.lines[worker.id])
    lost: Counter[tuple[str, str]] = Counter()
    slots: Counter[tuple[str, str]] = Counter()
    total = sum(after.values()) - sum(before.values())
    for number in problem.hits(worker.id, day, pattern):
        want, have = problem.wants[number], board.counts[number]
        (bare, spare), (held, more) = want.cost(have), want.cost(have + 1)
        total += bare + spare - held - more
        if bare > held:
            lost[want.part, want.skill] += int(bare - held)
            slots[want.part, want.skill] += 1
    board.put(worker.id, day, pattern)
    words = "补足合同工时" if not lost else _lost_words(*lost.most_common(1)[0][0], slots)
    return Reason(worker.id, day, words, round(total, 2))


def _lost_words(part: str, skill: str, slots: Counter[tuple[str, str]]) -> str:
    hours = hours_words(slots[part, skill] * SLOT_MINUTES)
    if part == COVER:
        return f"不排将缺 {hours}的人手"
    if skill:
        return f"不排将有 {hours}没有足够的{skill_name(skill)}"
    return "开门或关门须有两人，其中一人持钥匙"


def _sheet(code: str, measures: list[Measure], problem: Problem) -> RuleSheet:
    tight = min(measures, key=lambda m: (m.margin, m.worker or 0, m.day or 0))
    worker = problem.week.worker(tight.worker) if tight.worker is not None else None
    words = [worker.name] if worker else []
    words += [DAY_NAMES[tight.day]] if tight.day is not None and 0 <= tight.day < 7 else []
    words += [f"{tight.value:.3g}/{tight.limit:g}"]
    broken = sum(measure.broken for measure in measures)
    return RuleSheet(code, RULES[code].label, broken, " ".join(words), tight.margin)
