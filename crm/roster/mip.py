"""The whole week as one mixed-integer programme, solved by HiGHS on one thread."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from crm.roster.board import Board
from crm.roster.model import DAYS, Pattern, Roster
from crm.roster.problem import Limits, Problem, Want

_GAP = 0.01  # stop once no more than this share of the soft points could still be saved


@dataclass(frozen=True, slots=True)
class Solved:
    """What HiGHS found: a roster (None without one), a lower bound, and whether it got done."""

    roster: Roster | None
    bound: float
    iterations: int
    proved: bool


@dataclass(slots=True)
class _Model:
    """Columns (cost, upper bound, whole or not) and rows (low, terms, high)."""

    costs: list[float] = field(default_factory=list)
    uppers: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[tuple[float, dict[int, float], float]] = field(default_factory=list)
    cells: dict[tuple[int, int, str], int] = field(default_factory=dict)
    constant: float = 0.0

    def column(self, cost: float, upper: float = math.inf, *, whole: bool = False) -> int:
        self.costs.append(cost)
        self.uppers.append(upper)
        self.whole.append(whole)
        return len(self.costs) - 1

    def row(
        self, terms: dict[int, float], *, low: float = -math.inf, high: float = math.inf
    ) -> None:
        if terms:
            self.rows.append((low, terms, high))


def solved(board: Board, *, seconds: float, seed: int) -> Solved:
    """Improve on the board's roster within `seconds`; the same seed gives the same answer unless
    the clock stopped it (`proved` is False then).

    Source: covering with shift patterns after Dantzig (1954); one binary a person, day, pattern.
    """
    import highspy  # costs 60 MB: only the process that solves loads it

    model = _model(board.problem)
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    slack = max(1.0, _GAP * board.score().soft)
    options = {"output_flag": False, "threads": 1, "random_seed": seed, "time_limit": seconds}
    for name, value in {**options, "mip_rel_gap": 0.0, "mip_abs_gap": slack}.items():
        solver.setOptionValue(name, value)
    solver.passModel(_lp(model, highspy))
    _start(solver, model, board)
    solver.run()
    info = solver.getInfo()
    done = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    found = None
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        values = list(solver.getSolution().col_value)
        cells = {(w, d): p for (w, d, p), at in model.cells.items() if values[at] > 0.5}
        found = Roster.of(cells)
    bound = info.mip_dual_bound if math.isfinite(info.mip_dual_bound) else 0.0
    return Solved(found, bound, int(info.simplex_iteration_count), done)


def _model(problem: Problem) -> _Model:
    model = _Model()
    fills: dict[int, dict[int, float]] = {}
    for worker_id, mine in problem.limits.items():
        _person(model, problem, worker_id, mine)
        for day, pattern in _choices(mine):
            column = model.cells[worker_id, day, pattern.id]
            for number in problem.hits(worker_id, day, pattern):
                fills.setdefault(number, {})[column] = 1.0
    for number, want in enumerate(problem.wants):
        _want(model, want, fills.get(number, {}))
    return model


def _choices(mine: Limits) -> list[tuple[int, Pattern]]:
    return [(day, pattern) for day in range(DAYS) for pattern in mine.options[day]]


def _want(model: _Model, want: Want, fills: dict[int, float]) -> None:
    terms = dict(fills)
    terms[model.column(want.first, min(1, want.need))] = 1.0
    if want.need > 1:
        terms[model.column(want.more, want.need - 1)] = 1.0
    if want.spare:
        terms[model.column(want.spare)] = -1.0
    model.row(terms, low=want.need, high=want.need if want.spare else math.inf)


def _person(model: _Model, problem: Problem, worker_id: int, mine: Limits) -> None:
    days: list[dict[int, float]] = [{} for _ in range(DAYS)]
    for day, pattern in _choices(mine):
        rest = problem.wish_points(mine.worker, day, None)
        cost = problem.wish_points(mine.worker, day, pattern) - rest
        column = model.column(cost, 1, whole=True)
        model.cells[worker_id, day, pattern.id] = column
        days[day][column] = 1.0
    model.constant += sum(problem.wish_points(mine.worker, day, None) for day in range(DAYS))
    for terms in days:
        model.row(terms, high=1)
    every = {column: 1.0 for terms in days for column in terms}
    model.row(every, high=mine.days)
    _runs(model, problem, mine, days)
    _gaps(model, problem, worker_id, mine)
    _week(model, problem, worker_id, mine)


def _runs(model: _Model, problem: Problem, mine: Limits, days: list[dict[int, float]]) -> None:
    longest, run = problem.policy.consecutive_days, mine.worker.history.run_days
    for first in range(-run, DAYS - longest):
        window = days[max(0, first) : first + longest + 1]
        terms = {column: 1.0 for day in window for column in day}
        model.row(terms, high=longest - max(0, -first))


def _gaps(model: _Model, problem: Problem, worker_id: int, mine: Limits) -> None:
    """For each hour that a shift may end: nothing later today and nothing too early tomorrow."""
    cells, least = model.cells, problem.policy.gap_hours * 60
    for day in range(DAYS - 1):
        today, tomorrow = mine.options[day], mine.options[day + 1]
        for end in sorted({pattern.end for pattern in today}):
            soon = [p for p in tomorrow if p.start + 24 * 60 - end < least]
            late = [p for p in today if p.end >= end]
            terms = {cells[worker_id, day, p.id]: 1.0 for p in late}
            terms |= {cells[worker_id, day + 1, p.id]: 1.0 for p in soon}
            if soon:
                model.row(terms, high=1)


def _week(model: _Model, problem: Problem, worker_id: int, mine: Limits) -> None:
    """Hours against contract and standard, closings against the fair share."""
    price, hour = problem.weights, 1 / 60
    worked = {model.cells[worker_id, day, p.id]: float(p.paid_minutes) for day, p in _choices(mine)}
    late = {
        model.cells[worker_id, day, p.id]: 1.0
        for day, p in _choices(mine)
        if problem.closes(day, p)
    }
    under = model.column(price.off_contract_hour * hour)
    over = model.column(price.off_contract_hour * hour)
    below = model.column(price.below_minimum_hour * hour)
    overtime = model.column(price.overtime_hour * hour)
    beyond = model.column(price.closing)
    standard = problem.policy.week_standard_hours * 60
    share = problem.fair_closings - mine.worker.history.closings
    model.row(worked, high=mine.cap)
    model.row({**worked, under: 1.0, over: -1.0}, low=mine.target, high=mine.target)
    model.row({**worked, below: 1.0}, low=mine.least)
    model.row({**worked, overtime: -1.0}, high=standard)
    model.row({**late, beyond: -1.0}, high=share)


def _lp(model: _Model, highspy: Any) -> Any:
    lp = highspy.HighsLp()
    kind = highspy.HighsVarType
    lp.num_col_, lp.num_row_ = len(model.costs), len(model.rows)
    lp.col_cost_, lp.offset_ = model.costs, model.constant
    lp.col_lower_, lp.col_upper_ = [0.0] * len(model.costs), model.uppers
    lp.integrality_ = [kind.kInteger if whole else kind.kContinuous for whole in model.whole]
    lp.row_lower_ = [low for low, _, _ in model.rows]
    lp.row_upper_ = [high for _, _, high in model.rows]
    starts, index, value = [0], [], []
    for _, terms, _ in model.rows:
        index += list(terms)
        value += list(terms.values())
        starts.append(len(index))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, index, value
    return lp


def _start(solver: Any, model: _Model, board: Board) -> None:
    """Hand over the roster so far; HiGHS works out the slack columns itself."""
    chosen = set(board.roster().cells)
    places = list(model.cells.items())
    solver.setSolution(
        len(places),
        [column for _, column in places],
        [1.0 if cell in chosen else 0.0 for cell, _ in places],
    )
