"""A legal roster quickly: one person's best week by dynamic programme, again and again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import NamedTuple

from crm.roster.board import Board
from crm.roster.model import DAYS, Pattern
from crm.roster.problem import Limits, Problem


class _State(NamedTuple):
    """What the days so far leave open; `run` is -1 once the run limit can no longer bind."""

    end: int  # when yesterday's shift ended, -1 after a day off
    run: int
    days: int
    minutes: int
    closings: int


@dataclass(slots=True)
class _Step:
    cost: float
    before: _State | None
    pattern: Pattern | None


def best_line(board: Board, worker_id: int) -> list[Pattern | None]:
    """The cheapest legal week of one person, all others staying as they are; exact.

    States are merged where the days to come cannot tell them apart, so a week of ten patterns
    takes a few thousand steps.
    """
    problem, mine = board.problem, board.problem.limits[worker_id]
    layer = {
        _State(-1, _run(mine.worker.history.run_days, 0, problem), 0, 0, 0): _Step(0, None, None)
    }
    layers = [layer]
    for day in range(DAYS):
        layer = _grown(layer, day, board, mine)
        layers.append(layer)
    last = min(
        layer,
        key=lambda s: (
            round(layer[s].cost + problem.person_points(worker_id, s.minutes, s.closings), 6),
            s,
        ),
    )
    line: list[Pattern | None] = []
    state: _State | None = last
    for layer in reversed(layers[1:]):
        assert state is not None
        line.append(layer[state].pattern)
        state = layer[state].before
    return line[::-1]


def _grown(layer: dict[_State, _Step], day: int, board: Board, mine: Limits) -> dict[_State, _Step]:
    problem, worker = board.problem, mine.worker
    rest = problem.wish_points(worker, day, None)
    moves = [
        (p, board.gain(worker.id, day, p) + problem.wish_points(worker, day, p))
        for p in mine.options[day]
    ]
    grown: dict[_State, _Step] = {}
    for state, step in layer.items():
        free = _State(-1, _run(0, day + 1, problem), state.days, state.minutes, state.closings)
        _offer(grown, free, _Step(step.cost + rest, state, None))
        for pattern, points in moves:
            after = _after(state, day, pattern, problem, mine)
            if after is not None:
                _offer(grown, after, _Step(step.cost + points, state, pattern))
    return grown


def _after(
    state: _State, day: int, pattern: Pattern, problem: Problem, mine: Limits
) -> _State | None:
    """The state after one more shift, None when a rule forbids it."""
    policy = problem.policy
    if state.end >= 0 and pattern.start + 24 * 60 - state.end < policy.gap_hours * 60:
        return None
    minutes = state.minutes + pattern.paid_minutes
    run = state.run + 1 if state.run >= 0 else -1
    if minutes > mine.cap or state.days >= mine.days or run > policy.consecutive_days:
        return None
    closings = state.closings + problem.closes(day, pattern)
    run = _run(run, day + 1, problem) if run >= 0 else -1
    return _State(pattern.end, run, state.days + 1, minutes, closings)


def _run(run: int, day: int, problem: Problem) -> int:
    """The run of work days, or -1 if even working every day left would keep the limit."""
    return -1 if run + DAYS - day <= problem.policy.consecutive_days else run


def _offer(grown: dict[_State, _Step], state: _State, step: _Step) -> None:
    known = grown.get(state)
    if known is None or step.cost < known.cost - 1e-9:
        grown[state] = step


def construct(problem: Problem) -> Board:
    """A legal roster person by person, those whom the most rules wait for first."""
    board = Board(problem)
    scarce = {worker.id: len(worker.grants) + worker.key_holder for worker in problem.week.workers}
    for worker_id in sorted(scarce, key=lambda who: (-scarce[who], who)):
        board.place(worker_id, best_line(board, worker_id))
    return board


def improve(board: Board, *, rounds: int, seed: int) -> int:
    """Ruin and recreate: free two or three people, give them their best weeks anew.

    Keeps what is no worse. Returns the rounds that helped. Same seed, same roster.
    """
    chance = random.Random(seed)  # noqa: S311 — a search, not a secret
    people = sorted(board.lines)
    best, helped = board.score().total, 0
    for _ in range(rounds if len(people) > 1 else 0):
        chosen = chance.sample(people, min(len(people), chance.choice((2, 2, 3))))
        before = {worker_id: board.lift(worker_id) for worker_id in chosen}
        for worker_id in chosen:
            board.place(worker_id, best_line(board, worker_id))
        total = board.score().total
        if total <= best + 1e-9:
            helped += total < best - 1e-9
            best = total
            continue
        for worker_id, line in before.items():
            board.lift(worker_id)
            board.place(worker_id, line)
    return helped
