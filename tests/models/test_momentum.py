"""The stored energy of leads: signals once and in any order, crossings once, by whoever comes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.momentum import Energy, Heat, MomentumPolicy, Pulse, TimeClass, next_change
from models import momentum
from models.db import transaction
from models.momentum import MomentumRow, Signal, SignalRow
from tests.fakes import NOON, TENANT

pytestmark = pytest.mark.usefixtures("database")
POLICY = MomentumPolicy()
HOUR = timedelta(hours=1)


async def begin(lead: int = 1, *, now: datetime = NOON) -> int:
    await momentum.begin(TENANT, lead, POLICY, now=now)
    return lead


def signal(
    key: str, points: float = 60, kind: TimeClass = TimeClass.FAST, at: datetime = NOON
) -> Signal:
    return Signal(key, "touch", "", points, kind, at)


async def add(
    *signals: Signal, lead: int = 1, now: datetime = NOON, policy: MomentumPolicy = POLICY
) -> momentum.Standing:
    async with transaction():
        return await momentum.add(TENANT, lead, signals, policy, version=0, now=now)


async def cross(
    now: datetime, *, lead: int = 1, policy: MomentumPolicy = POLICY, version: int = 0
) -> tuple[Heat, datetime] | None:
    async with transaction():
        change = await momentum.cross(lead, policy, version=version, now=now)
        return (change.heat, change.at) if change else None


async def cross_all(now: datetime) -> list[Heat]:
    found = []
    while change := await cross(now):
        found.append(change[0])
    return found


async def test_a_new_lead_is_green_and_nothing_is_due() -> None:
    await begin()
    standing = await momentum.standing(1)
    assert (standing.heat, standing.next, standing.energy.spent) == (Heat.GREEN, None, True)
    assert await momentum.due(now=NOON + timedelta(days=999), limit=9) == []


async def test_a_signal_plans_the_crossing_that_the_rule_gives() -> None:
    await begin()
    standing = await add(signal("a"))
    wanted = next_change(Heat.GREEN, standing.energy, NOON, POLICY)
    assert wanted is not None
    assert standing.next is not None
    assert (standing.next.heat, standing.next.at) == (wanted.heat, wanted.at)
    assert await momentum.due(now=wanted.at - HOUR, limit=9) == []
    assert await momentum.due(now=wanted.at + HOUR, limit=9) == [(TENANT, 1)]


async def test_a_known_key_changes_nothing() -> None:
    await begin()
    first = await add(signal("a"))
    again = await add(signal("a"), signal("a", points=99))
    assert again.energy == first.energy
    assert await SignalRow.all().count() == 1


async def test_the_same_signal_from_everywhere_at_once_counts_once() -> None:
    await begin()
    await asyncio.gather(*(add(signal("a")) for _ in range(10)))
    wanted = Energy.empty(NOON, POLICY.taus).add(60, TimeClass.FAST, NOON)
    assert (await momentum.standing(1)).energy == wanted


async def test_different_signals_at_once_all_count() -> None:
    await begin()
    await asyncio.gather(*(add(signal(f"s{number}", points=1)) for number in range(20)))
    assert (await momentum.standing(1)).energy.s[0] == pytest.approx(20)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.floats(-50, 100), st.sampled_from(TimeClass), st.integers(0, 200).map(float)),
        min_size=1,
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
async def test_late_and_shuffled_signals_end_in_the_same_energy(
    told: list[tuple[float, TimeClass, float]], dice: object
) -> None:
    """The stored numbers equal a replay of the log, whatever the order of arrival."""
    lead = await MomentumRow.all().count() + 1
    await begin(lead, now=NOON - timedelta(days=10))
    signals = [
        signal(f"{lead}:{place}", points, kind, NOON - hours * HOUR)
        for place, (points, kind, hours) in enumerate(told)
    ]
    dice.shuffle(signals)  # type: ignore[attr-defined]
    for item in signals:
        await add(item, lead=lead)
    stored = (await momentum.standing(lead)).energy
    for hours in (0, 5, 50):
        at = NOON + hours * HOUR
        wanted = sum(
            Energy.empty(item.occurred_at, POLICY.taus)
            .add(item.points, item.time_class, item.occurred_at)
            .raw(at)
            for item in signals
        )
        assert stored.raw(at) == pytest.approx(wanted, abs=1e-6)


async def test_a_crossing_happens_at_its_moment_however_late_the_sweep() -> None:
    await begin()
    planned = (await add(signal("a"))).next
    assert planned is not None
    assert await cross(planned.at - timedelta(seconds=1)) is None
    assert await cross(planned.at + timedelta(days=3)) == (planned.heat, planned.at)
    standing = await momentum.standing(1)
    assert (standing.heat, standing.heat_since) == (planned.heat, planned.at)


async def test_no_crossing_is_skipped_by_a_long_sleep() -> None:
    await begin()
    await add(signal("a"))
    assert await cross_all(NOON + timedelta(days=60)) == [Heat.YELLOW, Heat.RED]
    assert (await momentum.standing(1)).fuses == 1


async def test_crossed_by_twenty_at_once_happens_once() -> None:
    await begin()
    planned = (await add(signal("a"))).next
    assert planned is not None
    results = await asyncio.gather(*(cross(planned.at) for _ in range(20)))
    assert len([item for item in results if item]) == 1


async def test_many_leads_swept_by_many_cross_once_each() -> None:
    for lead in range(1, 16):
        await begin(lead)
        await add(signal(f"s{lead}"), lead=lead)
    later = NOON + timedelta(days=60)

    async def sweep() -> list[tuple[int, Heat]]:
        found = []
        while due := await momentum.due(now=later, limit=100):
            crossed = [(lead, await cross(later, lead=lead)) for _, lead in due]
            found += [(lead, change[0]) for lead, change in crossed if change]
        return found

    swept = [item for own in await asyncio.gather(sweep(), sweep(), sweep()) for item in own]
    wanted = [(lead, heat) for lead in range(1, 16) for heat in (Heat.RED, Heat.YELLOW)]
    assert sorted(swept) == sorted(wanted)


async def test_a_touch_before_the_sweep_saves_the_lead() -> None:
    """The lead was due, but the person was faster than the sweep: no warning about the past."""
    await begin()
    planned = (await add(signal("a"))).next
    assert planned is not None
    later = planned.at + HOUR
    await add(signal("b", 100, at=later), signal("c", 100, TimeClass.MEDIUM, later), now=later)
    coming = (await momentum.standing(1)).next
    assert coming is not None
    if coming.at <= later:  # still below just now: then it is warned, once
        assert await cross_all(later) == [Heat.YELLOW]
    assert Heat.RED not in await cross_all(later + timedelta(hours=10))


async def test_a_stopped_lead_crosses_no_more() -> None:
    await begin()
    await add(signal("a"))
    await momentum.stop(1)
    assert await momentum.due(now=NOON + timedelta(days=60), limit=9) == []
    assert await cross(NOON + timedelta(days=60)) is None


async def test_fuses_name_the_card_of_each_time() -> None:
    await begin()
    await add(signal("a"))
    await cross_all(NOON + timedelta(days=30))
    assert (await momentum.standing(1)).fuse_ref() == "fuse:1:1"
    later = NOON + timedelta(days=30)
    await add(signal("b", 100, at=later), signal("c", 100, TimeClass.MEDIUM, later), now=later)
    await cross_all(later + timedelta(days=90))
    assert (await momentum.standing(1)).fuse_ref() == "fuse:1:2"


async def test_new_thresholds_are_solved_anew_and_once() -> None:
    await begin()
    before = (await add(signal("a"))).next
    strict = replace(POLICY, yellow_below=55.0)
    assert await momentum.outdated(TENANT, 1, 10) == [1]
    async with transaction():
        await momentum.resettle(1, strict, version=1, now=NOON)
    assert await momentum.outdated(TENANT, 1, 10) == []
    after = (await momentum.standing(1)).next
    assert before is not None
    assert after is not None
    assert after.at < before.at


async def test_a_crossing_solved_under_other_policies_is_solved_anew_before_it_is_told() -> None:
    await begin()
    planned = (await add(signal("a"))).next
    assert planned is not None
    loose = replace(POLICY, yellow_below=2.0, red_below=1.0)
    assert await cross(planned.at, policy=loose, version=1) is None
    standing = await momentum.standing(1)
    assert (standing.heat, standing.policy_version) == (Heat.GREEN, 1)
    assert standing.next is not None
    assert standing.next.at > planned.at
    crossed = await cross(standing.next.at, policy=loose, version=1)
    assert crossed == (Heat.YELLOW, standing.next.at)


async def test_a_red_lead_recovers_when_the_thresholds_are_loosened() -> None:
    """It has energy left, no crossing ahead under the old policy, and none too few for the new."""
    await begin()
    await add(signal("a", 100, TimeClass.LONG, NOON))
    assert (await cross_all(NOON + timedelta(days=60)))[-1] is Heat.RED
    row = await MomentumRow.get(lead_id=1)
    assert (Heat(row.heat), row.changes_at) == (Heat.RED, None)
    loose = replace(POLICY, yellow_below=2.0, red_below=1.0)
    now = row.heat_since + HOUR
    assert await momentum.outdated(TENANT, 1, 10) == [1]
    async with transaction():
        await momentum.resettle(1, loose, version=1, now=now)
    crossed = await cross(now, policy=loose, version=1)
    assert crossed is not None
    assert crossed[0] is not Heat.RED


async def test_a_closed_lead_is_not_solved_anew() -> None:
    await begin()
    await add(signal("a"))
    await momentum.stop(1)
    assert await momentum.outdated(TENANT, 1, 10) == []


async def test_new_time_constants_replay_the_log() -> None:
    await begin()
    await add(signal("a"), signal("b", 40, TimeClass.LONG, NOON - 9 * HOUR))
    slower = replace(POLICY, fast_tau_hours=6.0)
    now = NOON + 5 * HOUR
    async with transaction():
        await momentum.resettle(1, slower, version=1, now=now)
    energy = (await momentum.standing(1)).energy
    assert energy.taus == slower.taus
    wanted = (
        Energy.empty(NOON - 9 * HOUR, slower.taus)
        .add(40, TimeClass.LONG, NOON - 9 * HOUR)
        .add(60, TimeClass.FAST, NOON)
    )
    assert energy.raw(now) == pytest.approx(wanted.raw(now))
    assert await momentum.pulses(1) == [
        Pulse(40, TimeClass.LONG, NOON - 9 * HOUR),
        Pulse(60, TimeClass.FAST, NOON),
    ]
