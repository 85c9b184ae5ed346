from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from crm.momentum import (
    Change,
    Energy,
    Heat,
    MomentumPolicy,
    TimeClass,
    captured,
    changes,
    curve,
    explain,
    heat_now,
    next_change,
    touched,
)

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
POLICY = MomentumPolicy()


def walked(heat: Heat, energy: Energy, days: int = 60) -> list[tuple[float, Heat]]:
    found = changes(heat, energy, NOW, NOW + timedelta(days=days), POLICY)
    return [(round((at - NOW) / HOUR, 2), after) for at, after in found]


def test_a_new_lead_without_signals_is_yellow_after_seven_hours_and_red_after_eleven() -> None:
    assert walked(Heat.GREEN, captured(NOW, POLICY)) == [(7.17, Heat.YELLOW), (10.77, Heat.RED)]


def test_two_strong_signals_keep_a_lead_green_for_days() -> None:
    lead = captured(NOW, POLICY)
    lead = lead.add(30, TimeClass.MEDIUM, NOW).add(35, TimeClass.MEDIUM, NOW)
    (yellow, _), (red, _) = walked(Heat.GREEN, lead)
    assert 4 * 24 < yellow < 5 * 24
    assert 6 * 24 < red < 7 * 24


def test_one_follow_up_visibly_lifts_a_cooling_lead() -> None:
    lead = captured(NOW, POLICY)
    once = touched(lead, NOW + 2 * HOUR, POLICY)
    at = NOW + 20 * HOUR
    assert once.momentum(at) - lead.momentum(at) > 15
    assert walked(Heat.GREEN, once)[-1][0] > 80


def test_a_new_lead_is_not_red_while_it_rises_from_zero() -> None:
    change = next_change(Heat.GREEN, captured(NOW, POLICY), NOW, POLICY)
    assert change is not None
    assert change.at > NOW + 7 * HOUR


def test_a_weak_lead_turns_yellow_at_its_peak() -> None:
    weak = Energy.empty(NOW).add(30, TimeClass.MEDIUM, NOW)
    change = next_change(Heat.GREEN, weak, NOW, POLICY)
    assert change is not None
    assert change.heat is Heat.YELLOW
    assert abs(change.at - NOW - 48 * HOUR) <= timedelta(microseconds=1)


def test_a_hopeless_lead_goes_straight_to_red() -> None:
    hopeless = Energy.empty(NOW).add(15, TimeClass.FAST, NOW)
    assert walked(Heat.GREEN, hopeless) == [(3.27, Heat.RED)]


@pytest.mark.parametrize(
    "energy",
    [Energy.empty(NOW), Energy.empty(NOW).add(-15, TimeClass.MEDIUM, NOW - HOUR)],
    ids=["empty", "below zero"],
)
def test_nothing_left_is_red_at_once(energy: Energy) -> None:
    assert next_change(Heat.GREEN, energy, NOW, POLICY) == Change(NOW, Heat.RED)
    assert next_change(Heat.YELLOW, energy, NOW, POLICY) == Change(NOW, Heat.RED)
    assert next_change(Heat.RED, energy, NOW, POLICY) is None


def test_a_red_lead_recovers_through_yellow_with_hysteresis() -> None:
    woken = Energy.empty(NOW).add(60, TimeClass.FAST, NOW)
    found = list(changes(Heat.RED, woken, NOW, NOW + 10 * HOUR, POLICY))
    assert [c.heat for c in found] == [Heat.YELLOW, Heat.GREEN, Heat.YELLOW]
    heights = [woken.momentum(c.at) for c in found]
    assert heights == pytest.approx([21, 42, 40], abs=1e-6)


def test_late_news_may_lift_a_red_lead_at_once() -> None:
    lifted = Energy.empty(NOW).add(90, TimeClass.MEDIUM, NOW - 40 * HOUR)
    assert heat_now(Heat.RED, lifted, NOW, POLICY) is Heat.GREEN
    middling = Energy.empty(NOW).add(30, TimeClass.MEDIUM, NOW - 40 * HOUR)
    assert heat_now(Heat.RED, middling, NOW, POLICY) is Heat.YELLOW
    assert heat_now(Heat.GREEN, Energy.empty(NOW), NOW, POLICY) is Heat.RED


def test_recomputing_at_the_solved_moment_does_not_push_it_away() -> None:
    lead = touched(captured(NOW, POLICY), NOW, POLICY)
    first = next_change(Heat.GREEN, lead, NOW, POLICY)
    assert first is not None
    again = next_change(Heat.GREEN, lead.advanced(first.at), first.at, POLICY)
    assert again is not None
    assert again.heat is first.heat
    assert again.at - first.at < timedelta(seconds=1)


def any_energy(rng: random.Random) -> Energy:
    energy = Energy.empty(NOW)
    for _ in range(rng.randint(1, 4)):
        points = rng.choice([60, 40, 35, 30, 25, 15, 12, -10, -15, -25])
        ago = rng.expovariate(1 / 30) * HOUR
        energy = energy.add(points, rng.choice(list(TimeClass)), NOW - ago)
    return energy


def simulated(heat: Heat, energy: Energy, minutes: int) -> list[tuple[int, Heat]]:
    """The rules in words, asked once a minute."""
    found = []
    for minute in range(minutes + 1):
        at = NOW + minute * MINUTE
        points, rising = energy.raw(at), energy.slope(at) > 0 and energy.raw(at) > -1e-6
        after = heat
        if heat is not Heat.RED and points < POLICY.red_below and not rising:
            after = Heat.RED
        elif heat is Heat.GREEN and points < POLICY.yellow_below and not rising:
            after = Heat.YELLOW
        elif heat is not Heat.GREEN and points >= POLICY.green_from:
            after = Heat.GREEN
        elif heat is Heat.RED and points >= POLICY.yellow_from:
            after = Heat.YELLOW
        if after is not heat:
            found.append((minute, after))
            heat = after
    return found


def test_the_solved_states_are_those_of_a_minute_by_minute_simulation() -> None:
    rng = random.Random(3)
    seen = 0
    for _ in range(60):
        energy, heat = any_energy(rng), rng.choice(list(Heat))
        slow = simulated(heat, energy, 60 * 96)
        fast = list(changes(heat, energy, NOW, NOW + 96 * HOUR, POLICY))
        seen += len(slow)
        assert [after for _, after in slow] == [c.heat for c in fast], (heat, energy)
        for (minute, _), change in zip(slow, fast, strict=True):
            assert timedelta(0) <= NOW + minute * MINUTE - change.at <= MINUTE
    assert seen > 60


def test_changes_come_in_order_and_each_is_a_change() -> None:
    rng = random.Random(4)
    for _ in range(300):
        heat = rng.choice(list(Heat))
        found = list(changes(heat, any_energy(rng), NOW, NOW + timedelta(days=400), POLICY))
        assert len(found) < 20
        steps = [(NOW, heat), *found]
        assert all(a <= b and one is not two for (a, one), (b, two) in pairwise(steps))


def test_a_lead_left_alone_always_ends_red() -> None:
    rng = random.Random(5)
    for _ in range(100):
        energy = any_energy(rng)
        assert list(changes(Heat.GREEN, energy, NOW, NOW + timedelta(days=4000), POLICY))[
            -1
        ].heat is (Heat.RED)


def test_the_picture_has_both_ends() -> None:
    points = curve(captured(NOW, POLICY), NOW, NOW + 12 * HOUR, 25)
    assert len(points) == 25
    assert points[0] == (NOW, 0.0)
    assert points[-1][0] == NOW + 12 * HOUR


def test_the_explanation_adds_up_and_speaks_the_readers_time() -> None:
    here = NOW.astimezone(ZoneInfo("Asia/Shanghai"))
    lead = captured(NOW, POLICY).add(30, TimeClass.MEDIUM, NOW)
    assert explain(Heat.GREEN, lead, here + HOUR, POLICY) == (
        "动能 38.4 分，绿色激活，正在上升",
        "构成：快信号 36.7 分，中信号 1.7 分",
        "预计 3月2日 12:33 达到峰值 65 分",
        "若无新动作，将于 3月2日 18:19 转为黄色预警",
    )
    assert explain(Heat.GREEN, Energy.empty(NOW), here, POLICY)[-1] == "即刻转为红色熔断"
