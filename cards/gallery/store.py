"""Samples of what stores see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from cards import roster
from cards.card import Button
from cards.gallery.sample import CLERK, STORE, Sample, sample
from crm.roster import (
    CHRONIC,
    INSURANCE,
    OFF,
    PHARMACIST,
    Contract,
    Grant,
    RosterPolicy,
    Shop,
    Solution,
    Violation,
    Week,
    Wish,
    Worker,
    catalogue,
    demand,
    solve,
    typical_traffic,
)

MONDAY = date(2026, 10, 5)
POLICY = RosterPolicy()
_PART = Contract(part=True, target_hours=20, min_hours=12, max_hours=24)
_P, _C, _I = Grant(PHARMACIST.code), Grant(CHRONIC.code), Grant(INSURANCE.code)
PEOPLE = (
    Worker(1, "王丽娜", grants=(_P, _C, _I), key_holder=True),
    Worker(2, "张伟", grants=(_P, _I), key_holder=True, wishes=(Wish(5, weight=2),)),
    Worker(3, "李晓燕", grants=(_P, _C), leave=frozenset({date(2026, 10, 7)})),
    Worker(4, "陈思远", grants=(_I,), key_holder=True),
    Worker(5, "刘喆", grants=(_C, _I), pregnant=True),
    Worker(6, "赵敏", grants=(_I,), key_holder=True),
    Worker(7, "孙浩", _PART, grants=(_I,)),
    Worker(8, "周婷", _PART),
)


def week(people: tuple[Worker, ...] = PEOPLE) -> Week:
    """A demo store's week; without `people` nobody can work in it."""
    shop = Shop(1, "人民路店")
    return Week(
        shop, MONDAY, people, catalogue(shop), demand(shop, typical_traffic(shop, 260), POLICY)
    )


def solved(found: Week) -> Solution:
    """The first legal roster, in a tenth of a second."""
    return solve(found, POLICY, effort=0)


def samples() -> tuple[Sample, ...]:
    """Every view of rosters."""
    full = week()
    good = solved(full)
    thin = week(tuple(worker for worker in PEOPLE if worker.id not in (1, 2)))
    broken = Violation(
        "gap", 7, 2, 10, 11, "孙浩周二晚班到周三早班只隔 10 小时", "企业规定：两班之间至少 11 小时"
    )
    illegal = replace(good, violations=(broken,), advice=("把周三早班换给周婷",))
    later = good.roster.moved(7, 0, OFF).moved(8, 1, good.roster.line(4)[0])
    swap = (Button("申请换班", "换班", primary=True),)
    return (
        sample(STORE, roster.draft, full, good, roster_id=12, version=3, preset="保客流"),
        sample(STORE, roster.draft, thin, solved(thin), roster_id=12, version=4).called("thin"),
        sample(STORE, roster.draft, full, illegal, roster_id=12, version=5).called("illegal"),
        sample(CLERK, roster.published, full, good.roster, roster_id=12, version=3, by="钱进"),
        sample(
            CLERK,
            roster.published,
            full,
            later,
            roster_id=12,
            version=4,
            by="钱进",
            before=good.roster,
        ).called("changed"),
        sample(CLERK, roster.mine, PEOPLE[2], full, good.roster, version=3, buttons=swap),
        sample(CLERK, roster.not_rostered, MONDAY),
        sample(STORE, roster.outdated, full, seen=2, current=3),
        sample(
            STORE,
            roster.outdated,
            full,
            seen=2,
            current=3,
            current_draft=roster.draft(full, good, roster_id=12, version=3),
        ).called("with-draft"),
        sample(STORE, roster.making, full, roster_id=12, share=0.45),
    )
