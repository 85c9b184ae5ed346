"""What is said about a roster is the arithmetic that made it."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import pytest

from crm.roster import DAY_NAMES, OFF, Problem, Solution, judge, laid, solve
from tests.crm.roster.weeks import MONDAY, POLICY, changed, week


@cache
def demo() -> Solution:
    return solve(week(), POLICY, effort=0)


def test_freeing_a_cell_costs_exactly_the_points_stated() -> None:
    problem = Problem(week(), POLICY)
    total = laid(problem, demo().roster).score().total
    assert len(demo().reasons) == len(demo().roster.cells)
    for reason in demo().reasons:
        without = laid(problem, demo().roster.moved(reason.worker, reason.day, OFF))
        assert without.score().total - total == pytest.approx(reason.points, abs=0.01)
        assert reason.words


def test_the_three_hardest_times_are_the_dearest_shortages() -> None:
    slots = demo().hardest
    assert len(slots) == 3
    assert all(slot.have < slot.need for slot in slots)
    assert all(slot.why and slot.start < slot.end for slot in slots)
    assert slots[0].when.startswith("周")


def test_a_week_without_shortage_names_its_tight_times() -> None:
    slots = solve(week(customers=40), POLICY, effort=60).hardest
    assert [slot.why for slot in slots] == ["刚好够，有人临时请假就会缺人"] * 3


def test_shortage_of_a_skill_that_nobody_has_says_so() -> None:
    people = tuple(changed(9))
    bare = tuple(w for w in people if not w.grants)
    slots = solve(week(bare), POLICY, effort=0).hardest
    assert any(slot.why == "没有可用的执业药师" for slot in slots)


def test_uncovered_half_hours_add_up_to_the_coverage() -> None:
    found = demo()
    missing = sum(slot.need - slot.have for slot in found.uncovered if not slot.skill)
    wanted = sum(want.need for want in week().demand if not want.skill)
    assert found.coverage == pytest.approx(1 - missing / wanted, abs=1e-4)


def test_people_are_told_their_hours_and_leave_shortens_the_aim() -> None:
    weeks = {person.worker: person for person in demo().people}
    assert weeks[1].target_minutes == 40 * 60
    assert weeks[3].target_minutes == 32 * 60
    assert sum(person.days for person in demo().people) == len(demo().roster.cells)


def test_the_compliance_sheet_and_the_check_agree() -> None:
    assert all(sheet.broken == 0 and sheet.margin >= 0 for sheet in demo().compliance)
    day = next(day for worker, day, _ in demo().roster.cells if worker == 1)
    away = changed(1, leave=frozenset({MONDAY + timedelta(days=day)}))
    wrong = judge(week(away), POLICY, demo().roster)
    assert {sheet.code: sheet.broken for sheet in wrong.compliance if sheet.broken} == {"LEAVE": 1}
    leave = next(sheet for sheet in wrong.compliance if sheet.code == "LEAVE")
    assert leave.tightest == f"王丽娜 {DAY_NAMES[day]} 1/0"
