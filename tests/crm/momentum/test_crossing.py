from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from math import exp, expm1, inf, log

import numpy as np
import pytest

from crm.momentum import Energy, MomentumPolicy, TimeClass, captured
from crm.momentum.lambert import crossing_hours, early, late
from crm.momentum.wave import Term, Wave, crossings, first_crossing, quiet_after, value

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TAUS = MomentumPolicy().taus
FIGURES = [(5.97, 0.8), (8.77, 0.5), (11.26, 0.3), (16.01, 0.1)]


@pytest.mark.parametrize(("hours", "share"), FIGURES)
def test_the_published_crossings_of_a_new_lead(hours: float, share: float) -> None:
    lead = captured(NOW, MomentumPolicy())
    falling = lead.next_crossing(60 * share, NOW, rising=False)
    assert falling is not None
    assert (falling - NOW) / HOUR == pytest.approx(hours, abs=0.005)


@pytest.mark.parametrize(("hours", "share"), [(0.125, 0.1), (0.759, 0.5)])
def test_the_published_crossings_on_the_way_up(hours: float, share: float) -> None:
    rising = captured(NOW, MomentumPolicy()).next_crossing(60 * share, NOW, rising=True)
    assert rising is not None
    assert (rising - NOW) / HOUR == pytest.approx(hours, abs=0.0005)


def test_near_the_peak_the_root_is_the_true_one_not_the_librarys() -> None:
    assert late(1e-9) == pytest.approx(1.0000447, abs=5e-8)  # modelling §3.3


@pytest.mark.parametrize("power", range(-15, 4))
def test_both_roots_satisfy_their_equation(power: int) -> None:
    for lead in (1.0, 2.3, 6.7):
        excess = lead * 10.0**power
        for x in (early(excess), late(excess)):
            if x < 1e-300:
                continue  # e^-c underflows: the root is 0 to the last bit
            y = x - 1
            found = y - log(x) if abs(y) > 1e-3 else y * y * (1 / 2 - y / 3 + y * y / 4)
            assert found == pytest.approx(excess, rel=1e-6 if power < -12 else 1e-9)


def lone(rng: random.Random) -> tuple[Term, float]:
    """A random class in every corner: rising, past its peak, nearly flat, sinking, tiny S."""
    s = rng.choice([1, 1, 1, -1, 0]) * 10 ** rng.uniform(-9, 2)
    r = rng.choice([1, 1, 0, -1]) * 10 ** rng.uniform(-6, 2)
    return Term(rng.choice(TAUS), r, s), 10 ** rng.uniform(-2, 1.9)


def test_the_closed_form_agrees_with_the_search_on_random_states() -> None:
    rng = random.Random(1)
    for _ in range(3000):
        term, level = lone(rng)
        wave = (term,)
        end = quiet_after(wave, level, 0.0)
        for rising in (True, False):
            solved = crossing_hours(term, level, rising=rising)
            solved = None if solved is None or solved < 0 else solved
            searched = first_crossing(wave, level, 0.0, end, rising=rising)
            if searched is None or solved is None:
                # Only a state within rounding of the level, or a touch, may be seen differently.
                at = solved if searched is None else searched
                assert at is None or value(wave, at) == pytest.approx(level, rel=1e-9)
                assert at is None or at < 1e-9 or abs(slope(term, at)) < 1e-3 * level
            else:
                flat = max(abs(slope(term, searched)), 1e-300)
                slack = 1e-9 + 1e-13 * searched + 1e-13 * level / flat
                assert abs(solved - searched) < slack, (term, level)


def slope(term: Term, hours: float) -> float:
    tau, a, b = term
    return (b - a - b * hours / tau) * exp(-hours / tau) / tau


def mixed(rng: random.Random) -> tuple[Wave, float]:
    """Two or three classes at odds: humps, dips, signals that cancel."""
    wave = tuple(
        Term(tau, rng.uniform(-60, 100), rng.choice([1, 1, -1]) * rng.uniform(0, 300))
        for tau in rng.sample(TAUS, rng.choice([2, 3, 3]))
    )
    return wave, rng.choice([20.0, 21.0, 40.0, 42.0, rng.uniform(1, 99)])


def sampled(wave: Wave, hours: Floats) -> Floats:
    total = np.zeros_like(hours)
    for tau, a, b in wave:
        total += (a + b * hours / tau) * np.exp(-hours / tau)
    return total


def test_no_crossing_is_missed_on_thousands_of_random_states() -> None:
    rng, grid = random.Random(2), expm1(8.5) * np.linspace(0, 1, 20_000) ** 4
    grown = 0
    for _ in range(3000):
        wave, level = mixed(rng)
        end = quiet_after(wave, level, 0.0)
        found = list(crossings(wave, level, 0.0, end))
        above = sampled(wave, grid) >= level
        flips = np.flatnonzero(above[1:] != above[:-1])
        grown += len(flips)
        for k in flips:  # every change on the grid is one of ours, with its direction
            hits = [up for at, up in found if grid[k] - 1e-6 <= at <= grid[k + 1] + 1e-6]
            assert bool(above[k + 1]) in hits, (wave, level, grid[k])
        for at, up in found:  # and each of ours is a change
            assert (value(wave, at) >= level) == up
            assert (value(wave, at - 1e-7) >= level) != up
        assert [up for _, up in found] == alternating(found, starts=bool(above[0]))
    assert grown > 3000


def alternating(found: list[tuple[float, bool]], *, starts: bool) -> list[bool]:
    return [(k % 2 == 0) != starts for k in range(len(found))]


def test_a_wave_that_only_kisses_the_level_is_settled_quickly() -> None:
    wave = (Term(TAUS[0], 0.0, 100.0), Term(TAUS[1], 0.0, 80.0), Term(TAUS[2], 5.0, 10.0))
    hours = np.linspace(0, 20, 400_001)
    top = float(sampled(wave, hours).max())
    for off in (-1e-13, 0.0, 1e-13, 1e-9):
        list(crossings(wave, top + off, 0.0, 4000.0))
    assert list(crossings(wave, top + 1e-6, 0.0, 4000.0)) == []
    assert len(list(crossings(wave, top - 1e-6, 0.0, 4000.0))) == 2


@pytest.mark.parametrize("level", [0.0, -1.0, float("nan")])
def test_a_level_must_be_positive(level: float) -> None:
    with pytest.raises(ValueError, match="not positive"):
        captured(NOW, MomentumPolicy()).next_crossing(level, NOW, rising=True)


def test_an_energy_already_at_the_level_leaves_now_and_does_not_enter_again() -> None:
    lead = captured(NOW, MomentumPolicy())
    at = NOW + 10 * HOUR
    level = lead.raw(at)
    left = lead.next_crossing(level, at, rising=False)
    assert left is not None
    assert left - at <= timedelta(microseconds=1)
    assert lead.next_crossing(level, at, rising=True) is None


def test_an_old_energy_without_fresh_signals_fades_purely() -> None:
    pure = Energy(NOW, s=(0.0, 0.0, 0.0), r=(20.0, 0.0, 0.0))
    at = pure.next_crossing(10.0, NOW, rising=False)
    assert at is not None
    expected = TAUS[0] * log(pure.raw(NOW) / 10)
    assert (at - NOW) / HOUR == pytest.approx(expected, abs=1e-9)


def test_the_highest_point_ahead_is_found_among_two_humps() -> None:
    energy = captured(NOW, MomentumPolicy()).add(55, TimeClass.MEDIUM, NOW)
    early_top = energy.next_top(NOW)
    when, points = energy.peak(NOW)
    hours = np.linspace(0, 400, 400_001)
    every = sampled(energy.wave, hours)
    assert early_top == when
    assert points == pytest.approx(float(every.max()), abs=1e-7)
    later, lower = energy.peak(NOW + 20 * HOUR)
    assert later > NOW + 20 * HOUR
    assert lower == pytest.approx(float(every[hours > 20].max()), abs=1e-7)
    end, least = energy.peak(NOW + 200 * HOUR)
    assert end == NOW + 200 * HOUR
    assert least == energy.momentum(end)


def test_an_empty_energy_has_no_future() -> None:
    nothing = Energy.empty(NOW)
    assert nothing.peak(NOW) == (NOW, 0.0)
    assert nothing.next_top(NOW) is None
    assert nothing.next_crossing(20, NOW, rising=True) is None
    assert nothing.spent_at(NOW) == NOW
    assert quiet_after((), 1.0, 0.0) == 0.0
    assert first_crossing((), 1.0, 0.0, inf, rising=True) is None
