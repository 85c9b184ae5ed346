"""Every rule has a week that breaks it and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.roster import (
    CHRONIC,
    OFF,
    RULES,
    Contract,
    Grant,
    History,
    Pattern,
    Roster,
    RosterPolicy,
    Week,
    Worker,
    check,
    solve,
)
from tests.crm.roster.weeks import MONDAY, PEOPLE, POLICY, changed, week

FREE = changed(5, pregnant=False)


@cache
def base() -> Roster:
    return solve(week(FREE), POLICY, effort=0).roster


def codes(roster: Roster, store: Week, policy: RosterPolicy = POLICY) -> set[str]:
    return {violation.code for violation in check(roster, store, policy)}


def late(store: Week) -> Week:
    """Evening shifts end at 22:30, so they reach into the night."""
    later = tuple(
        replace(p, start=p.start + 30, end=p.end + 30, break_start=p.break_start + 30)
        if p.id in ("晚1", "晚2")
        else p
        for p in store.patterns
    )
    return replace(store, patterns=later)


def everybody(**values: object) -> tuple[Worker, ...]:
    return tuple(replace(worker, **values) for worker in FREE)  # type: ignore[arg-type]


def on(pattern_prefix: str, day: int | None = None) -> int:
    """Somebody whom the base roster gives such a shift."""
    return next(
        worker
        for worker, at, pattern in base().cells
        if pattern.startswith(pattern_prefix) and day in (None, at)
    )


def demanding(store: Week, skill: str) -> Week:
    return replace(store, patterns=tuple(replace(p, skill=skill) for p in store.patterns))


def test_the_base_roster_is_legal() -> None:
    assert check(base(), week(FREE), POLICY) == ()


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("DAY_MAX", {"day_max_hours": 7.5}),
        ("WEEK_CAP", {"week_cap_hours": 39.0}),
        ("REST_WEEK", {"rest_week_days": 3}),
        ("PART", {"part_week_hours": 12.0}),
        ("PART_DAY", {"part_day_hours": 3.5}),
        ("GAP", {"gap_hours": 14.0}),
    ],
)
def test_a_stricter_policy_flags_exactly_its_rule(code: str, values: dict[str, float]) -> None:
    assert codes(base(), week(FREE), replace(POLICY, **values)) == {code}  # type: ignore[arg-type]


def test_contract_hours_and_days() -> None:
    short = changed(1, FREE, contract=Contract(max_hours=39))
    assert codes(base(), week(short)) == {"WEEK_MAX"}
    few = changed(1, FREE, contract=Contract(days_max=4))
    assert codes(base(), week(few)) == {"DAYS_MAX"}


def test_overtime_counts_on_from_the_month_so_far() -> None:
    policy = replace(POLICY, week_standard_hours=38.0)
    tired = changed(1, FREE, history=History(overtime_minutes=35 * 60))
    (found,) = check(base(), week(tired), policy)
    assert (found.code, found.worker, found.value) == ("OT_MONTH", 1, 37.0)
    assert "王丽娜 本月加班将达 37 小时" in found.words


def test_past_overtime_alone_does_not_condemn_the_week() -> None:
    spent = changed(1, FREE, history=History(overtime_minutes=40 * 60))
    assert codes(base(), week(spent)) == set()


def test_history_runs_on_into_the_week() -> None:
    worker = on("早", 0)
    run = changed(worker, FREE, history=History(run_days=6))
    assert codes(base(), week(run)) == {"CONSEC"}
    tired = changed(worker, FREE, history=History(last_end_minutes=-60))
    (found,) = check(base(), week(tired), POLICY)
    assert (found.code, found.day, found.value) == ("GAP", 0, 9.0)


@pytest.mark.parametrize(
    ("code", "flag"), [("PREG", "pregnant"), ("NURSE", "nursing"), ("MINOR", "minor")]
)
def test_protected_people_work_no_night_and_no_overtime(code: str, flag: str) -> None:
    worker = on("晚")
    people = changed(worker, FREE, **{flag: True})
    assert codes(base(), late(week(people))) == {code}
    worker = on("早")
    people = changed(worker, FREE, **{flag: True})
    policy = replace(POLICY, week_standard_hours=38.0)
    assert codes(base(), week(people), policy) == {code}


def test_leave() -> None:
    away = changed(on("早", 0), FREE, leave=frozenset({MONDAY}))
    assert codes(base(), week(away)) == {"LEAVE"}


def test_a_break_too_early_or_too_short_or_too_long() -> None:
    store = week(FREE)

    def breaks(start: int, minutes: int) -> set[str]:
        patterns = tuple(
            p if p.part else replace(p, break_start=p.start + start, break_minutes=minutes)
            for p in store.patterns
        )
        generous = replace(POLICY, day_max_hours=11.0, week_cap_hours=60.0)
        people = everybody(contract=Contract(max_hours=60))
        people = tuple(
            replace(worker, contract=old.contract) if old.contract.part else worker
            for worker, old in zip(people, FREE, strict=True)
        )
        return codes(base(), replace(store, workers=people, patterns=patterns), generous)

    assert breaks(210, 60) == set()
    assert breaks(120, 30) == {"BREAK"}
    assert breaks(390, 30) == {"BREAK"}
    assert breaks(210, 90) == {"BREAK"}
    assert breaks(210, 0) == {"BREAK"}


def test_skill_and_certificate_of_a_post() -> None:
    bare = tuple(
        replace(w, grants=tuple(g for g in w.grants if g.skill != CHRONIC.code)) for w in FREE
    )
    assert codes(base(), demanding(week(bare), CHRONIC.code)) == {"SKILL"}
    old = Grant(CHRONIC.code, valid_to=date(2026, 10, 1))
    expired = tuple(replace(w, grants=(*w.grants, old)) for w in bare)
    assert codes(base(), demanding(week(expired), CHRONIC.code)) == {"CERT"}


def test_an_expired_pharmacist_leaves_the_store_without_licence() -> None:
    people = tuple(
        replace(w, grants=tuple(replace(g, valid_to=date(2026, 10, 10)) for g in w.grants))
        for w in FREE
    )
    (found,) = check(base(), week(people), POLICY)
    assert (found.code, found.worker, found.day, found.value) == ("LICENSE", None, 6, 14)
    assert found.words.startswith("周日有 14 小时没有执业药师在岗")
    unlicensed = week(people)
    assert (
        codes(base(), replace(unlicensed, shop=replace(unlicensed.shop, licensed=False))) == set()
    )


def test_a_pharmacist_on_break_counts_only_if_the_policy_says_so() -> None:
    assert codes(base(), week(FREE), replace(POLICY, pharmacist_break_counts=False)) == {"LICENSE"}


@pytest.mark.parametrize("code", ["OPEN", "CLOSE"])
def test_one_shift_less_leaves_the_door_to_one(code: str) -> None:
    without = (base().moved(worker, day, OFF) for worker, day, _ in base().cells)
    assert any(codes(roster, week(FREE)) == {code} for roster in without)


def test_the_door_needs_a_key() -> None:
    assert codes(base(), week(everybody(key_holder=False))) == {"KEY"}


def test_unknown_people_and_patterns_are_named() -> None:
    found = check(base().moved(99, 0, "早1"), week(FREE), POLICY)
    assert [(v.code, v.worker) for v in found] == [("UNKNOWN", 99)]
    assert "第 99 号店员" in found[0].words


def test_a_closed_day_asks_for_nobody() -> None:
    store = week(FREE)
    shop = replace(store.shop, hours=(None,) * 7)
    assert codes(Roster(), replace(store, shop=shop)) == set()
    assert codes(Roster(), store) == {"LICENSE", "OPEN", "CLOSE", "KEY"}


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(1, 8), st.integers(0, 6)),
        st.sampled_from([pattern.id for pattern in week().patterns]),
    )
)
def test_any_roster_is_judged_and_every_verdict_has_words(
    cells: dict[tuple[int, int], str],
) -> None:
    for violation in check(Roster.of(cells), week(PEOPLE), POLICY):
        assert violation.basis == RULES[violation.code].basis
        assert "{" not in violation.words
        assert violation.value != violation.limit


@pytest.mark.parametrize(
    "times", [(600, 600, 0, 0), (600, 500, 0, 0), (601, 700, 0, 0), (600, 720, 600, 30)]
)
def test_a_pattern_of_impossible_times_is_refused(times: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="pattern x"):
        Pattern("x", "x", *times)
