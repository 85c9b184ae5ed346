"""Versions of what admins edit, and the book in which each process reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from config.policies import Policies
from crm.refusal import RefusedError
from models import policy
from models.policy import Book
from tests.fakes import NOON, TENANT

pytestmark = pytest.mark.usefixtures("database")
Stored = Mapping[str, Mapping[str, Any]]


async def append(stored: Stored, *, after: int, tenant: str = TENANT) -> int:
    return await policy.append(
        tenant, stored, after=after, author="赵敏", reason="试", changed="…", now=NOON
    )


def yellow(points: float) -> Stored:
    return {"momentum": {"yellow_below": points}}


async def test_nothing_stored_is_what_we_ship() -> None:
    book = Book()
    assert not await book.refresh(TENANT)
    assert book.current(TENANT) == Policies()


async def test_a_new_version_is_in_force_after_the_next_look() -> None:
    book = Book()
    await append(yellow(45.0), after=0)
    assert book.current(TENANT).version == 0
    assert await book.refresh(TENANT)
    assert (book.current(TENANT).version, book.current(TENANT).momentum.yellow_below) == (1, 45)
    assert not await book.refresh(TENANT)
    assert book.current("other") == Policies()


@pytest.mark.parametrize(
    "bad",
    [
        yellow(500.0),
        {"momentum": {"yellow_below": "high"}},
        {"momentum": {"red_below": 60.0}},
        {"momentum": {"colour": 1}},
        {"weather": {"rain": True}},
    ],
)
async def test_a_bad_version_leaves_the_last_good_one(bad: Stored) -> None:
    book = Book()
    await append(yellow(45.0), after=0)
    await book.refresh(TENANT)
    await append(bad, after=1)
    assert not await book.refresh(TENANT)
    assert not await book.refresh(TENANT)  # and it is not looked at again and again
    assert book.current(TENANT).momentum.yellow_below == 45
    await append(yellow(50.0), after=2)
    assert await book.refresh(TENANT)
    assert book.current(TENANT).version == 3


async def test_a_process_that_starts_on_a_bad_version_has_what_we_ship() -> None:
    await append(yellow(500.0), after=0)
    book = Book()
    assert not await book.refresh(TENANT)
    assert book.current(TENANT) == Policies()


async def test_who_did_not_see_the_newest_version_cannot_overwrite_it() -> None:
    await append(yellow(45.0), after=0)
    with pytest.raises(RefusedError, match="刚才有人改过"):
        await append(yellow(50.0), after=0)
    assert await policy.newest_number(TENANT) == 1


async def test_of_many_admins_who_saw_the_same_version_one_saves() -> None:
    saved = await asyncio.gather(
        *(append(yellow(41.0 + number), after=0) for number in range(10)), return_exceptions=True
    )
    assert [item for item in saved if item == 1] == [1]
    assert len([item for item in saved if isinstance(item, RefusedError)]) == 9


async def test_history_is_newest_first_and_complete() -> None:
    for number in range(3):
        await append(yellow(41.0 + number), after=number)
    found = await policy.history(TENANT)
    assert [item.version for item in found] == [3, 2, 1]
    assert found[0].stored == yellow(43.0)
    assert (found[0].author, found[0].reason, found[0].at) == ("赵敏", "试", NOON)
    old = await policy.numbered(TENANT, 2)
    assert old is not None
    assert old.stored == yellow(42.0)
    assert await policy.numbered(TENANT, 9) is None
    assert await policy.history("other") == []
