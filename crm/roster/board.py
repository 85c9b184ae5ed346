"""A roster being made: who fills which want, and the points it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm.roster.model import DAYS, Pattern, Roster
from crm.roster.problem import LEGAL, SPARE, Problem


@dataclass(frozen=True, slots=True)
class Score:
    """Points by part, dearest first; less is better."""

    parts: tuple[tuple[str, float], ...]

    @property
    def total(self) -> float:
        return sum(points for _, points in self.parts)

    @property
    def soft(self) -> float:
        """Without the store rules that could not be kept."""
        return sum(points for part, points in self.parts if part != LEGAL)


class Board:
    """Counts a want; lines of seven days a person. Placing and lifting keep the counts."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.counts = [0] * len(problem.wants)
        self.lines: dict[int, list[Pattern | None]] = {
            worker.id: [None] * DAYS for worker in problem.week.workers
        }

    def place(self, worker_id: int, line: Sequence[Pattern | None]) -> None:
        """Give a person who is off all week these seven days."""
        for day, pattern in enumerate(line):
            self.put(worker_id, day, pattern)

    def lift(self, worker_id: int) -> list[Pattern | None]:
        """Free a person's week; returns what it was."""
        gone = list(self.lines[worker_id])
        for day in range(DAYS):
            self.put(worker_id, day, None)
        return gone

    def put(self, worker_id: int, day: int, pattern: Pattern | None) -> None:
        """Set one cell."""
        old = self.lines[worker_id][day]
        for step, worked in ((-1, old), (1, pattern)):
            if worked is not None:
                for number in self.problem.hits(worker_id, day, worked):
                    self.counts[number] += step
        self.lines[worker_id][day] = pattern

    def gain(self, worker_id: int, day: int, pattern: Pattern) -> float:
        """Points that the store's wants change by when the person adds this shift."""
        total = 0.0
        for number in self.problem.hits(worker_id, day, pattern):
            want, have = self.problem.wants[number], self.counts[number]
            total += sum(want.cost(have + 1)) - sum(want.cost(have))
        return total

    def score(self) -> Score:
        """The points of the whole week, by part."""
        parts: dict[str, float] = {}
        for want, have in zip(self.problem.wants, self.counts, strict=True):
            missing, spare = want.cost(have)
            parts[want.part] = parts.get(want.part, 0.0) + missing
            parts[SPARE] = parts.get(SPARE, 0.0) + spare
        for worker_id, line in self.lines.items():
            for part, points in self.problem.line_parts(worker_id, line).items():
                parts[part] = parts.get(part, 0.0) + points
        found = sorted(parts.items(), key=lambda item: (-item[1], item[0]))
        return Score(tuple((part, round(points, 6)) for part, points in found if points > 1e-9))

    def roster(self) -> Roster:
        return Roster.of(
            {
                (worker_id, day): pattern.id
                for worker_id, line in self.lines.items()
                for day, pattern in enumerate(line)
                if pattern is not None
            }
        )


def laid(problem: Problem, roster: Roster) -> Board:
    """A board with this roster on it; cells of unknown people or patterns are left out."""
    board = Board(problem)
    known = {pattern.id: pattern for pattern in problem.week.patterns}
    for worker_id, day, pattern_id in roster.cells:
        if worker_id in board.lines and pattern_id in known:
            board.put(worker_id, day, known[pattern_id])
    return board
