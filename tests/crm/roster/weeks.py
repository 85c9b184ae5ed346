"""A demo store's week of eight people, three of them pharmacists, shared by the tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from crm.roster import (
    CHRONIC,
    INSURANCE,
    PHARMACIST,
    Contract,
    Grant,
    RosterPolicy,
    Shop,
    Week,
    Wish,
    Worker,
    catalogue,
    demand,
    typical_traffic,
)

MONDAY = date(2026, 10, 5)
POLICY = RosterPolicy()
PART = Contract(part=True, target_hours=20, min_hours=12, max_hours=24)


def grants(*codes: str) -> tuple[Grant, ...]:
    return tuple(Grant(code) for code in codes)


P, C, I = PHARMACIST.code, CHRONIC.code, INSURANCE.code  # noqa: E741
PEOPLE = (
    Worker(1, "王丽娜", grants=grants(P, C, I), key_holder=True),
    Worker(2, "张伟", grants=grants(P, I), key_holder=True, wishes=(Wish(5, weight=2),)),
    Worker(3, "李晓燕", grants=grants(P, C), leave=frozenset({date(2026, 10, 7)})),
    Worker(4, "陈思远", grants=grants(I), key_holder=True, wishes=(Wish(2, "morning"),)),
    Worker(5, "刘喆", grants=grants(C, I), pregnant=True),
    Worker(6, "赵敏", grants=grants(I), key_holder=True),
    Worker(7, "孙浩", PART, grants=grants(I)),
    Worker(8, "周婷", PART),
)


def week(people: tuple[Worker, ...] = PEOPLE, customers: float = 260) -> Week:
    shop = Shop(1, "人民路店")
    wanted = demand(shop, typical_traffic(shop, customers), POLICY)
    return Week(shop, MONDAY, people, catalogue(shop), wanted)


def changed(
    worker_id: int, people: tuple[Worker, ...] = PEOPLE, **values: Any
) -> tuple[Worker, ...]:
    return tuple(replace(w, **values) if w.id == worker_id else w for w in people)
