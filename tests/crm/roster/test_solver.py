"""Solved rosters are legal, repeatable, and as good as trying everything."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.roster import (
    OFF,
    STORE_CODES,
    Contract,
    Demand,
    Grant,
    History,
    Pattern,
    Problem,
    Roster,
    Shop,
    Solution,
    Week,
    Wish,
    Worker,
    catalogue,
    check,
    demand,
    judge,
    laid,
    solve,
    typical_traffic,
)
from crm.roster.board import Board
from crm.roster.search import best_line, improve
from tests.crm.roster.weeks import MONDAY, PART, PEOPLE, POLICY, I, P, changed, grants, week

ENOUGH = 60.0  # seconds: proved long before, on any machine, so the clock decides nothing


@cache
def demo() -> Solution:
    return solve(week(), POLICY, effort=ENOUGH)


def personal(solution: Solution) -> list[str]:
    return [v.words for v in solution.violations if v.code not in STORE_CODES]


def test_the_demo_week_is_legal_covered_and_near_the_best() -> None:
    found = demo()
    assert found.violations == ()
    assert found.coverage > 0.9
    assert found.proved
    assert found.gap <= 0.02
    assert found.bound <= found.score.total


def test_the_same_seed_gives_the_same_solution() -> None:
    assert solve(week(), POLICY, effort=ENOUGH) == demo()
    assert solve(week(), POLICY, effort=0) == solve(week(), POLICY, effort=0)


def test_more_effort_is_never_worse() -> None:
    assert demo().score.total <= solve(week(), POLICY, effort=0).score.total


def test_leave_and_protection_are_kept_whatever_the_demand() -> None:
    found = solve(week(customers=2000), POLICY, effort=0)
    assert found.violations == ()
    assert found.coverage < 0.6
    assert found.roster.line(3)[2] == OFF


def test_a_store_with_one_pharmacist_is_told_so() -> None:
    people = tuple(w for w in changed(2, grants=grants(I)) if w.id != 3)
    found = solve(week(people), POLICY, effort=ENOUGH)
    assert {v.code for v in found.violations} == {"LICENSE"}
    assert found.advice == (
        "本周可用执业药师 1 名，盖不满营业时间：请从邻店借调、续期证书，或在缺岗时段停售处方药",
    )
    assert found.gap < 0.05


def test_nobody_to_roster_is_an_answer_too() -> None:
    found = solve(week(()), POLICY)
    assert found.roster == Roster()
    assert {v.code for v in found.violations} == STORE_CODES
    assert found.coverage == 0
    closed = replace(week(), shop=replace(week().shop, hours=(None,) * 7), demand=())
    assert solve(closed, POLICY, effort=0.2).violations == ()


def test_an_edited_roster_is_judged_by_the_same_words() -> None:
    found = judge(week(), POLICY, demo().roster)
    assert (found.score, found.violations) == (demo().score, ())
    day = next(day for worker, day, _ in demo().roster.cells if worker == 1)
    away = changed(1, leave=frozenset({MONDAY + timedelta(days=day)}))
    assert [v.code for v in judge(week(away), POLICY, demo().roster).violations] == ["LEAVE"]


def tiny(seed: int, days: int, people: int) -> Week:
    """A store open on a few days with three patterns, small enough to try everything."""
    chance = random.Random(seed)
    hours = tuple((480, 960) if day < days else None for day in range(7))
    patterns = (
        Pattern("早", "早班", 480, 720, kind="morning"),
        Pattern("晚", "晚班", 720, 960, kind="evening"),
        Pattern("全", "全班", 480, 960, 690, 30),
    )
    wanted = tuple(
        Demand(day, slot, "", chance.randint(0, 2)) for day in range(days) for slot in range(16, 32)
    )
    workers = tuple(
        Worker(
            n,
            f"店员{n}",
            Contract(target_hours=chance.choice((4, 8, 12)), min_hours=4, max_hours=16),
            grants(P) if n == 1 else (),
            key_holder=n < 3,
            wishes=(Wish(0, chance.choice((OFF, "morning")), 2),),
            history=History(run_days=chance.choice((0, 5)), closings=chance.randint(0, 3)),
        )
        for n in range(1, people + 1)
    )
    return Week(Shop(1, "小店", hours), MONDAY, workers, patterns, wanted)


def best(store: Week, days: int) -> float:
    """The fewest points of any roster that keeps every personal rule."""
    cells = [(worker.id, day) for worker in store.workers for day in range(days)]
    problem, least = Problem(store, POLICY), float("inf")
    for choice in itertools.product((OFF, "早", "晚", "全"), repeat=len(cells)):
        roster = Roster.of(dict(zip(cells, choice, strict=True)))
        total = laid(problem, roster).score().total
        if total < least and not personal_codes(roster, store):
            least = total
    return least


def personal_codes(roster: Roster, store: Week) -> set[str]:
    return {v.code for v in check(roster, store, POLICY)} - STORE_CODES


@pytest.mark.parametrize("seed", range(6))
def test_the_programme_finds_what_trying_everything_finds(seed: int) -> None:
    store = tiny(seed, 2, 2)
    least = best(store, 2)
    found = solve(store, POLICY, seed=seed, effort=ENOUGH)
    assert found.proved
    assert found.bound <= least + 1e-6
    assert found.score.total <= least + max(1.0, 0.01 * found.score.soft)
    assert personal(found) == []


@pytest.mark.parametrize("seed", range(6))
def test_one_persons_best_week_is_exact(seed: int) -> None:
    store = tiny(seed, 5, 1)
    board = Board(Problem(store, POLICY))
    board.place(1, best_line(board, 1))
    assert board.score().total == pytest.approx(best(store, 5))
    assert personal_codes(board.roster(), store) == set()


people = st.builds(
    Worker,
    id=st.just(0),
    name=st.just("店员"),
    contract=st.sampled_from((Contract(), Contract(days_max=4, max_hours=32), PART)),
    grants=st.lists(
        st.builds(
            Grant,
            st.sampled_from((P, I, "chronic")),
            valid_to=st.sampled_from((None, MONDAY + timedelta(days=2))),
        ),
        max_size=2,
    ).map(tuple),
    key_holder=st.booleans(),
    pregnant=st.booleans(),
    minor=st.booleans(),
    leave=st.frozensets(
        st.integers(0, 6).map(lambda day: MONDAY + timedelta(days=day)), max_size=3
    ),
    wishes=st.lists(
        st.builds(Wish, st.integers(0, 6), st.sampled_from((OFF, "morning", "evening"))), max_size=2
    ).map(tuple),
    history=st.builds(
        History,
        st.integers(0, 8),
        st.sampled_from((None, -600, -120, -30, 0)),
        st.integers(0, 40 * 60),
        st.integers(0, 9),
    ),
)


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    crew = draw(st.lists(people, min_size=1, max_size=5))
    hours = draw(
        st.lists(
            st.sampled_from((None, (480, 1320), (540, 1080), (600, 840))), min_size=7, max_size=7
        )
    )
    shop = Shop(1, "店", tuple(hours), draw(st.booleans()))
    wanted = demand(shop, typical_traffic(shop, draw(st.integers(0, 600))), POLICY)
    workers = tuple(replace(worker, id=n) for n, worker in enumerate(crew, 1))
    return Week(shop, MONDAY, workers, catalogue(shop), wanted)


@settings(max_examples=40, deadline=None)
@given(weeks())
def test_a_quick_roster_never_breaks_a_personal_rule(store: Week) -> None:
    assert personal(solve(store, POLICY, effort=0)) == []


@settings(max_examples=12, deadline=None)
@given(weeks(), st.integers(0, 99))
def test_a_thorough_roster_never_breaks_one_either(store: Week, seed: int) -> None:
    found = solve(store, POLICY, seed=seed, effort=0.3)
    assert personal(found) == []
    assert found.bound <= found.score.total + 1e-4
    assert found.score == laid(Problem(store, POLICY), found.roster).score()


def test_searching_on_keeps_what_is_no_worse() -> None:
    board = Board(Problem(week(), POLICY))
    start = board.score().total
    improve(board, rounds=5, seed=3)
    assert board.score().total <= start
    assert board.score() == laid(board.problem, board.roster()).score()


def test_moving_back_restores_a_roster() -> None:
    roster = demo().roster
    moved = roster.moved(1, 0, OFF)
    assert roster.changes(moved) == ((1, 0, roster.line(1)[0], OFF),)
    assert moved.moved(1, 0, roster.line(1)[0]) == roster
    assert len(PEOPLE) == len(demo().people)
