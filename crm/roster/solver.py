"""One store's week solved: a legal roster, its points, how far from the best, and why."""

from __future__ import annotations

from dataclasses import dataclass

from crm.roster import explain, mip, search
from crm.roster.board import Board, Score, laid
from crm.roster.model import Roster, Week
from crm.roster.policy import RosterPolicy
from crm.roster.problem import COVER, LEGAL, Problem
from crm.roster.rules import Violation, check

_ROUNDS_A_SECOND, _ROUNDS_MOST = 30, 120  # of ruin and recreate: counted, not timed


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A half-hour with fewer people, or fewer of a skill, than it needs."""

    day: int
    slot: int
    skill: str
    need: int
    have: int


@dataclass(frozen=True, slots=True)
class Solution:
    """A draft and everything that is to be said about it.

    `violations` can only be of store rules (no pharmacist, too few at the door) that the people
    there are cannot keep; `advice` says what to do. `gap` is the share of the points that might
    still be saved, at most; `proved` is False when the clock stopped the search, and then
    another run may differ. `coverage` is met over wanted person-half-hours, in [0, 1].
    """

    roster: Roster
    score: Score
    bound: float
    gap: float
    proved: bool
    iterations: int
    coverage: float
    uncovered: tuple[Uncovered, ...]
    violations: tuple[Violation, ...]
    hardest: tuple[explain.Hardest, ...]
    people: tuple[explain.PersonWeek, ...]
    reasons: tuple[explain.Reason, ...]
    compliance: tuple[explain.RuleSheet, ...]
    advice: tuple[str, ...]


def solve(week: Week, policy: RosterPolicy, *, seed: int = 1, effort: float = 2.0) -> Solution:
    """Roster a week within about `effort` seconds of one core.

    Person by person with an exact dynamic programme, then ruin and recreate, then HiGHS from
    there; the better roster counts. A roster never breaks a rule that protects a person.

    Args:
        seed: same seed, same roster, unless the clock stopped the search (`proved` is False).
        effort: seconds for the programme; 0 leaves it out, and the bound is 0.

    Source: scheduling study, section 5.
    """
    problem = Problem(week, policy)
    board = search.construct(problem)
    rounds = search.improve(
        board, rounds=min(_ROUNDS_MOST, round(effort * _ROUNDS_A_SECOND)), seed=seed
    )
    if effort <= 0:
        return judged(board, bound=0.0, proved=False, iterations=rounds)
    found = mip.solved(board, seconds=effort, seed=seed)
    if found.roster is not None:
        other = laid(problem, found.roster)
        if other.score().total < board.score().total - 1e-6:
            board = other
    return judged(
        board, bound=found.bound, proved=found.proved, iterations=rounds + found.iterations
    )


def judge(week: Week, policy: RosterPolicy, roster: Roster) -> Solution:
    """The same words about a roster that somebody edited; nothing is moved, the bound is 0."""
    return judged(laid(Problem(week, policy), roster), bound=0.0, proved=False, iterations=0)


def judged(board: Board, *, bound: float, proved: bool, iterations: int) -> Solution:
    """Everything to be said about the roster on a board."""
    problem, roster, score = board.problem, board.roster(), board.score()
    violations = check(roster, problem.week, problem.policy)
    wanted = [
        (want.need, min(want.need, have))
        for want, have in zip(problem.wants, board.counts, strict=True)
        if want.part == COVER
    ]
    need = sum(asked for asked, _ in wanted)
    return Solution(
        roster,
        score,
        round(bound, 4),
        round(max(0.0, score.total - bound) / max(1.0, score.soft), 4),
        proved,
        iterations,
        round(sum(met for _, met in wanted) / need, 4) if need else 1.0,
        _uncovered(board),
        violations,
        explain.hardest(board),
        explain.people(board),
        explain.reasons(board),
        explain.compliance(board),
        explain.advice(violations, problem),
    )


def _uncovered(board: Board) -> tuple[Uncovered, ...]:
    return tuple(
        Uncovered(want.day, want.slot, want.skill, want.need, have)
        for want, have in zip(board.problem.wants, board.counts, strict=True)
        if have < want.need and want.part != LEGAL
    )
