from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from math import exp, isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.momentum import Energy, MomentumPolicy, Pulse, TimeClass, captured, replayed, traced

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
POLICY = MomentumPolicy()
MINUTE = timedelta(minutes=1)

minutes = st.integers(0, 60 * 24 * 30)
pulses = st.builds(
    lambda points, kind, ago: Pulse(points, kind, NOW - ago * MINUTE),
    st.integers(1, 100).map(float) | st.integers(-40, -1).map(float),
    st.sampled_from(TimeClass),
    minutes,
)
many = st.lists(pulses, max_size=12)


def built(signals: list[Pulse]) -> Energy:
    return replayed(signals, NOW - 60 * 24 * 40 * MINUTE, POLICY)


def brute(signals: list[Pulse], at: datetime) -> float:
    """Sum the published kernel, w·(t/tau)·e^(1-t/tau), signal by signal."""
    tau = dict(zip(TimeClass, POLICY.taus, strict=True))
    ages = [(p.points, (at - p.at) / timedelta(hours=1) / tau[p.kind]) for p in signals]
    return sum(points * age * exp(1 - age) for points, age in ages)


def close(one: float, two: float, signals: list[Pulse]) -> bool:
    """Equal to 1e-12 of what was summed, or to the 1e-9 points that are swept away."""
    weight = sum(abs(p.points) for p in signals)
    return isclose(one, two, abs_tol=1e-12 * weight + 1e-8)


@pytest.mark.parametrize(
    ("hours", "share"),
    [
        (2, 0.90145),
        (5, 0.90145),
        (3.27407, 1.0),
        (5.97, 0.8),
        (8.77, 0.5),
        (11.26, 0.3),
        (16.01, 0.1),
        (0.125, 0.1),
        (0.759, 0.5),
    ],
)
def test_a_lead_peaks_between_two_and_five_hours_as_published(hours: float, share: float) -> None:
    lead = captured(NOW, POLICY)
    assert lead.momentum(NOW + timedelta(hours=hours)) / 60 == pytest.approx(share, abs=1e-3)


def test_both_ends_of_the_window_are_equally_high() -> None:
    tau_exact = MomentumPolicy(fast_tau_hours=3.2740700038118)
    lead = captured(NOW, tau_exact)
    two, five = (lead.momentum(NOW + timedelta(hours=h)) / 60 for h in (2, 5))
    assert two == pytest.approx(0.90145, abs=5e-6)
    assert isclose(two, five, rel_tol=1e-12)


@given(many, minutes)
def test_two_numbers_a_class_hold_what_the_whole_history_says(
    signals: list[Pulse], ahead: int
) -> None:
    at = NOW + ahead * MINUTE
    assert close(built(signals).raw(at), brute(signals, at), signals)


@given(many, st.randoms(use_true_random=False), minutes)
def test_the_order_of_arrival_does_not_matter(signals, rng, ahead) -> None:  # type: ignore[no-untyped-def]
    mixed = signals[:]
    rng.shuffle(mixed)
    at = NOW + ahead * MINUTE
    assert close(built(mixed).raw(at), built(signals).raw(at), signals)


@given(many, many, minutes)
def test_two_leads_merged_have_the_energy_of_all_their_signals(
    one: list[Pulse], two: list[Pulse], ahead: int
) -> None:
    at = NOW + ahead * MINUTE
    merged = built(one).merge(built(two))
    assert close(merged.raw(at), brute(one + two, at), one + two)
    assert merged == built(two).merge(built(one))


@given(many, pulses, minutes)
def test_a_retracted_signal_was_never_there(signals: list[Pulse], gone: Pulse, ahead: int) -> None:
    at = NOW + ahead * MINUTE
    without = built([*signals, gone]).advanced(at).retract(*gone)
    assert close(without.raw(at), brute(signals, at), [*signals, gone])


@given(pulses, minutes)
def test_retracting_the_only_signal_leaves_exactly_nothing(only: Pulse, ahead: int) -> None:
    left = built([only]).advanced(only.at + ahead * MINUTE).retract(*only)
    assert left.spent
    assert left.wave == ()


@given(many, minutes, minutes)
def test_going_forward_in_two_steps_is_one_step(
    signals: list[Pulse], first: int, second: int
) -> None:
    start = built(signals)
    middle, end = NOW + first * MINUTE, NOW + (first + second) * MINUTE
    stepped, jumped = start.advanced(middle).advanced(end), start.advanced(end)
    for two, one in zip(stepped.r + stepped.s, jumped.r + jumped.s, strict=True):
        assert close(two, one, signals)


@given(many, minutes)
def test_a_clock_that_runs_backwards_changes_nothing(signals: list[Pulse], back: int) -> None:
    energy = built(signals)
    assert energy.advanced(energy.at - back * MINUTE) is energy
    assert energy.raw(energy.at - back * MINUTE) == energy.raw(energy.at)


def test_a_signal_from_the_future_waits_for_its_own_time() -> None:
    skewed = NOW + 3 * MINUTE
    energy = Energy.empty(NOW).add(30, TimeClass.MEDIUM, skewed)
    assert energy.at == skewed
    assert energy.momentum(NOW) == 0
    assert energy.momentum(skewed + timedelta(hours=48)) == pytest.approx(30, rel=1e-12)


def test_negative_signals_never_show_less_than_nothing() -> None:
    energy = Energy.empty(NOW).add(-15, TimeClass.MEDIUM, NOW)
    later = NOW + timedelta(hours=48)
    assert energy.raw(later) == pytest.approx(-15)
    assert energy.momentum(later) == 0


def test_a_year_later_nothing_is_left_not_even_a_rounding() -> None:
    assert captured(NOW, POLICY).advanced(NOW + timedelta(days=365)).spent


def test_energies_of_different_settings_do_not_mix() -> None:
    other = Energy.empty(NOW, (1.0, 2.0, 3.0))
    with pytest.raises(ValueError, match="time constants"):
        captured(NOW, POLICY).merge(other)


@given(many)
def test_an_energy_survives_the_database(signals: list[Pulse]) -> None:
    energy = built(signals)
    assert Energy.from_json(json.loads(json.dumps(energy.to_json()))) == energy


@given(many, minutes)
@settings(max_examples=50)
def test_the_parts_sum_to_the_points(signals: list[Pulse], ahead: int) -> None:
    at, energy = NOW + ahead * MINUTE, built(signals)
    assert close(sum(energy.by_class(at).values()), energy.raw(at), signals)


@given(many, minutes)
@settings(max_examples=50)
def test_the_slope_is_the_change_per_hour(signals: list[Pulse], ahead: int) -> None:
    energy, at, step = built(signals), NOW + ahead * MINUTE, timedelta(seconds=30)
    measured = (energy.raw(at + 2 * step) - energy.raw(at)) * 60
    weight = sum(abs(p.points) for p in signals)
    assert energy.slope(at + step) == pytest.approx(measured, abs=1e-4 * weight + 1e-6)


@given(many)
@settings(max_examples=50)
def test_the_curve_of_the_past_meets_the_curve_of_the_energy(signals: list[Pulse]) -> None:
    times = [NOW, NOW + timedelta(hours=7)]
    energy = built(signals)
    for at, points in traced(signals, times, POLICY):
        assert close(points, energy.momentum(at), signals)


def test_the_past_of_a_signal_is_flat() -> None:
    pulse = Pulse(60.0, TimeClass.FAST, NOW)
    ((_, points),) = traced([pulse], [NOW - timedelta(days=1)], POLICY)
    assert points == 0
