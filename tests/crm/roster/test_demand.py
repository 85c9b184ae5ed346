from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.roster import (
    CHRONIC,
    RosterPolicy,
    Shop,
    catalogue,
    demand,
    poisson_quantile,
    typical_traffic,
    weights,
)
from crm.roster.policy import KEEP_COST, KEEP_FAIR
from crm.setting import described, faults
from tests.crm.roster.weeks import POLICY

SHOP = Shop(1, "人民路店")


def test_every_open_half_hour_needs_somebody_and_no_closed_one() -> None:
    found = demand(SHOP, typical_traffic(SHOP, 200), POLICY)
    heads = [want for want in found if not want.skill]
    assert len(heads) == 7 * 28
    assert {want.slot for want in heads} == set(range(16, 44))
    assert min(want.need for want in heads) == POLICY.floor_people


def test_need_follows_customers_at_the_service_level() -> None:
    quiet = tuple(tuple(0.0 for _ in range(48)) for _ in range(7))
    busy = tuple(tuple(18.0 if slot == 20 else 1.0 for slot in range(48)) for _ in range(7))
    assert {w.need for w in demand(SHOP, quiet, POLICY, skills=())} == {2}
    peak = next(w for w in demand(SHOP, busy, POLICY, skills=()) if (w.day, w.slot) == (0, 20))
    # the 75 % quantile of Poisson(18) is 21 customers, six a half-hour each: four people
    assert peak.need == 4


def test_typical_traffic_keeps_the_daily_total_and_peaks_at_six() -> None:
    traffic = typical_traffic(SHOP, 100, (1.0,) * 7)
    assert sum(traffic[0]) == pytest.approx(100)
    assert max(range(48), key=lambda slot: traffic[0][slot]) in (35, 36)


def test_a_closed_day_has_no_traffic_and_no_demand() -> None:
    shop = replace(SHOP, hours=(None, *SHOP.hours[1:]))
    traffic = typical_traffic(shop, 100)
    assert sum(traffic[0]) == 0
    assert all(want.day for want in demand(shop, traffic, POLICY))


def test_skills_are_wanted_at_their_hours() -> None:
    found = demand(SHOP, typical_traffic(SHOP, 100), POLICY)
    slots = {want.slot for want in found if want.skill == CHRONIC.code and want.day == 0}
    assert slots == {18, 19, 20, 21, 30, 31, 32, 33}


@given(st.floats(0, 2000), st.floats(0.5, 0.99))
def test_a_quantile_lies_near_its_mean(mean: float, level: float) -> None:
    count = poisson_quantile(mean, level)
    assert mean - 1 <= count <= mean + 3 * mean**0.5 + 3


def test_known_quantiles() -> None:
    assert [poisson_quantile(3.0, level) for level in (0.5, 0.6, 0.75, 0.95)] == [3, 3, 4, 6]
    assert poisson_quantile(0.0, 0.99) == 0


@pytest.mark.parametrize(
    "hours", [(8 * 60, 22 * 60), (9 * 60, 17 * 60), (10 * 60, 14 * 60), (10 * 60, 12 * 60)]
)
def test_patterns_fit_the_store(hours: tuple[int, int]) -> None:
    found = catalogue(Shop(1, "店", (hours,) * 7))
    assert 0 < len(found) <= 10
    assert all(hours[0] <= p.start and p.end <= hours[1] for p in found)
    assert len({p.id for p in found}) == len(found)
    assert any(hours[0] == p.start for p in found)
    assert any(hours[1] == p.end for p in found)


def test_a_shorter_sunday_has_its_own_patterns() -> None:
    sunday = (10 * 60, 20 * 60)
    found = catalogue(Shop(1, "店", (*SHOP.hours[:6], sunday)))
    assert len(found) == len({p.id for p in found}) > 10
    assert any(p.start == 600 and not p.part for p in found)
    assert catalogue(Shop(1, "店", (None,) * 7)) == ()


def test_the_policy_is_editable_and_bounded() -> None:
    assert faults(POLICY) == []
    assert all(told.label for told in described(RosterPolicy))
    assert faults(replace(POLICY, overtime_month_hours=40.0)) == [
        "每月加班上限：40小时 超出 0–36小时"
    ]
    assert faults(replace(POLICY, preset="随便"))


def test_presets_change_prices_not_rules() -> None:
    assert weights(replace(POLICY, preset=KEEP_FAIR)).wish > weights(POLICY).wish
    assert weights(replace(POLICY, preset=KEEP_COST)).overtime_hour > weights(POLICY).overtime_hour
