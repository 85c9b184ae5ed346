"""What all tests share: a database of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tortoise import Tortoise

from models import db


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[str]:
    """An opened, empty SQLite database with all tables; yields its URL."""
    url = f"sqlite://{tmp_path / 'test.db'}"
    async with db.opened(url):
        await Tortoise.generate_schemas()
        yield url
