"""Transactions that never began, or were cancelled at any moment, leave nothing locked."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from tortoise.exceptions import TransactionManagementError

from models import audit, db
from models.audit import AuditRow
from models.db import transaction
from tests.fakes import NOON, TENANT


async def note() -> None:
    async with transaction():
        await audit.note(TENANT, actor="x", action="a", subject="s:1", now=NOON)


@pytest.mark.parametrize("steps", range(12))
async def test_whenever_it_is_cancelled_the_next_one_begins(database: str, steps: int) -> None:
    broken = asyncio.create_task(note())
    for _ in range(steps):
        await asyncio.sleep(0)
    broken.cancel()
    await asyncio.wait([broken])
    before = await AuditRow.all().count()
    async with asyncio.timeout(5):
        await note()
    assert await AuditRow.all().count() == before + 1


async def test_after_a_beginning_that_failed_the_next_one_begins(database: str) -> None:
    if not database.startswith("sqlite://"):
        pytest.skip("only SQLite has one writer")
    await db.connection().execute_query("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(database.removeprefix("sqlite://"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(TransactionManagementError):
        await note()
    other.execute("ROLLBACK")
    other.close()
    async with asyncio.timeout(5):
        await note()
    assert await AuditRow.all().count() == 1
