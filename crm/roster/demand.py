"""From expected customers to how many people each half-hour needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from crm.roster.model import CHRONIC, DAYS, INSURANCE, SLOT_MINUTES, SLOTS, Demand, Shop
from crm.roster.policy import RosterPolicy

Traffic = tuple[tuple[float, ...], ...]
"""Expected customers, seven days of 48 half-hours."""

_WEEKDAYS = (0.95, 0.92, 0.93, 0.96, 1.04, 1.15, 1.05)  # mean 1
_PEAK_SHARE = 0.85  # of the day's busiest half-hour: from there on a half-hour is a peak


@dataclass(frozen=True, slots=True)
class SkillNeed:
    """A skill wanted between two times (minutes after midnight) on every open day."""

    skill: str
    start: int
    end: int
    need: int = 1


DEFAULT_SKILLS = (
    SkillNeed(INSURANCE.code, 0, SLOTS * SLOT_MINUTES),
    SkillNeed(CHRONIC.code, 9 * 60, 11 * 60),
    SkillNeed(CHRONIC.code, 15 * 60, 17 * 60),
)


def typical_traffic(
    shop: Shop, daily_customers: float, weekdays: Sequence[float] = _WEEKDAYS
) -> Traffic:
    """A pharmacy's usual day, two humps at 10:00 and 18:00, scaled to `daily_customers`.

    For a store without history; the forecast takes its place once there are counts.
    """
    days = []
    for day in range(DAYS):
        hours = shop.hours[day]
        raw = [_hump(slot) if hours and _inside(slot, hours) else 0.0 for slot in range(SLOTS)]
        total = sum(raw) or 1.0
        days.append(tuple(value / total * daily_customers * weekdays[day] for value in raw))
    return tuple(days)


def demand(
    shop: Shop,
    traffic: Traffic,
    policy: RosterPolicy,
    skills: Sequence[SkillNeed] = DEFAULT_SKILLS,
) -> tuple[Demand, ...]:
    """What every open half-hour needs, by head-count and by skill.

    ``need = max(floor, ceil(customers_q / served))``: customers_q is the q-quantile of a Poisson
    count with the expected mean, q higher at peaks. Source: scheduling study, section 5.
    """
    found: list[Demand] = []
    for day, hours in enumerate(shop.hours):
        if hours is None:
            continue
        busiest = max(traffic[day])
        for slot in (slot for slot in range(SLOTS) if _inside(slot, hours)):
            peak = traffic[day][slot] >= _PEAK_SHARE * busiest
            level = policy.peak_service_level if peak else policy.service_level
            served = policy.served_per_hour * SLOT_MINUTES / 60
            people = math.ceil(poisson_quantile(traffic[day][slot], level) / served)
            found.append(Demand(day, slot, "", max(policy.floor_people, people)))
            found += _skilled(day, slot, skills)
    return tuple(found)


def poisson_quantile(mean: float, level: float) -> int:
    """The smallest count that a Poisson variable exceeds with probability ≤ 1 - level."""
    if mean > 500:  # exp(-mean) would vanish; the normal curve is exact enough up there
        return math.ceil(mean + NormalDist().inv_cdf(level) * math.sqrt(mean))
    count, chance = 0, math.exp(-mean)
    reached = chance
    while reached < level - 1e-12:
        count += 1
        chance *= mean / count
        reached += chance
    return count


def _skilled(day: int, slot: int, skills: Sequence[SkillNeed]) -> list[Demand]:
    return [
        Demand(day, slot, wanted.skill, wanted.need)
        for wanted in skills
        if _inside(slot, (wanted.start, wanted.end))
    ]


def _inside(slot: int, hours: tuple[int, int]) -> bool:
    return hours[0] <= slot * SLOT_MINUTES and (slot + 1) * SLOT_MINUTES <= hours[1]


def _hump(slot: int) -> float:
    hour = (slot + 0.5) * SLOT_MINUTES / 60
    return 0.5 + math.exp(-(((hour - 10) / 1.6) ** 2)) + 1.2 * math.exp(-(((hour - 18) / 1.8) ** 2))
