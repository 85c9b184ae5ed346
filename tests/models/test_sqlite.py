from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from tortoise.exceptions import OperationalError

from models import db


async def test_a_transaction_that_could_not_begin_leaves_the_next_one_free(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    url = f"sqlite://{path}"
    async with db.opened(url):
        await db.migrate(url)
        await db.connection().execute_query("PRAGMA busy_timeout=20")
        with sqlite3.connect(path, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(OperationalError):
                async with db.transaction():
                    pass
            other.execute("ROLLBACK")
        other.close()
        async with asyncio.timeout(5), db.transaction():
            assert await db.is_alive()
        assert await asyncio.create_task(db.is_alive())
