"""Databases and queues for tests: embedded ones, or those that MOMENTUM_TEST_* name.

`python -m tests.servers -- pytest -m database` runs the same tests on PostgreSQL and Redis.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]
from arq.connections import RedisSettings

from jobs.queue import connect
from jobs.valkey import EmbeddedValkey
from models import db

SERVER = os.environ.get("MOMENTUM_TEST_DATABASE_URL", "")
REDIS = os.environ.get("MOMENTUM_TEST_REDIS_URL", "")


def make_template(folder: Path) -> str:
    """A migrated, closed database; returns its URL."""
    return asyncio.run(_make_template(folder))


def drop_template(url: str) -> None:
    """Leave nothing on a server that is not ours; an embedded file goes with its folder."""
    if SERVER:
        asyncio.run(_execute(f'DROP DATABASE "{_name_in(url)}" WITH (FORCE)'))


async def _make_template(folder: Path) -> str:
    url = f"sqlite://{folder / 'template.db'}"
    if SERVER:
        url = _on_server(name := _new_name())
        await _execute(f'CREATE DATABASE "{name}"')
    async with db.opened(url):
        await db.migrate(url)
    return url


@asynccontextmanager
async def copied(template: str, folder: Path) -> AsyncIterator[str]:
    """A copy of the template, gone afterwards."""
    if not SERVER:
        path = folder / "momentum.db"
        shutil.copyfile(template.removeprefix("sqlite://"), path)
        yield f"sqlite://{path}"
        return
    name = _new_name()
    await _execute(f'CREATE DATABASE "{name}" TEMPLATE "{_name_in(template)}"')
    try:
        yield _on_server(name)
    finally:
        await _execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def queue(folder: Path) -> AsyncIterator[RedisSettings]:
    """An empty queue: a server of its own, or a numbered database of the given one."""
    if not REDIS:
        server = EmbeddedValkey(folder)
        await server.start()
        try:
            yield server.settings
        finally:
            await server.stop()
        return
    settings = RedisSettings.from_dsn(REDIS)
    settings.database = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    settings.conn_retries = 0
    await _flush(settings)
    yield settings
    await _flush(settings)


async def _flush(settings: RedisSettings) -> None:
    pool = await connect(settings)
    await pool.flushdb()
    await pool.aclose()


async def _execute(sql: str) -> None:
    connection = await asyncpg.connect(SERVER)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def _new_name() -> str:
    return f"momentum_test_{uuid4().hex[:12]}"


def _name_in(url: str) -> str:
    return urlsplit(url).path.strip("/")


def _on_server(name: str) -> str:
    return urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))
