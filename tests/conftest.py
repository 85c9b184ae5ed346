"""What all tests share: a database and a queue of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from models import db
from tests import stores
from tests.office import Office

NEEDS_SERVER = {"database", "redis"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the database or the queue also runs on PostgreSQL and Redis."""
    for item in items:
        if NEEDS_SERVER & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.database)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a migrated database from which each test gets its copy."""
    with ThreadPoolExecutor(1) as pool:  # a thread, since a loop may be running in this one
        url = pool.submit(stores.make_template, tmp_path_factory.mktemp("template")).result()
        yield url
        pool.submit(stores.drop_template, url).result()


@pytest.fixture
async def database(template: str, tmp_path: Path) -> AsyncIterator[str]:
    """An opened, empty database with the newest schema; yields its URL."""
    async with stores.copied(template, tmp_path) as url, db.opened(url):
        yield url


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[RedisSettings]:
    """An empty queue of one's own."""
    async with stores.queue(tmp_path) as settings:
        yield settings


@pytest.fixture
def office(database: str) -> Office:
    """The program's working half around an empty database."""
    return Office()
