"""The database: opening, migrating, and the one transaction in which an event is worked."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.transactions import in_transaction

from config.settings import SettingsError

MODULES = (
    "models.attachment",
    "models.audit",
    "models.console",
    "models.delivery",
    "models.inbox",
    "models.lead",
    "models.momentum",
    "models.outbox",
    "models.person",
    "models.policy",
    "models.roster",
    "models.task",
)
APP = "momentum"
_MIGRATION_LOCK = 7_305_508_113  # any number that nobody else locks


def embedded_url(data_dir: Path) -> str:
    """The default database: one SQLite file."""
    return f"sqlite://{data_dir / 'momentum.db'}"


def configuration(url: str) -> dict[str, Any]:
    """Tortoise's configuration for `url` (sqlite://… or postgres://…)."""
    connection: dict[str, Any]
    if url.startswith("sqlite://"):
        connection = {
            "engine": "models.sqlite",
            "credentials": {
                "file_path": url.removeprefix("sqlite://"),
                "journal_mode": "WAL",
                "synchronous": "FULL",
                "busy_timeout": 10_000,
                "foreign_keys": "ON",
            },
        }
    else:
        scheme = urlsplit(url).scheme
        if scheme not in ("postgres", "postgresql", "asyncpg"):
            raise SettingsError(
                f"MOMENTUM_DATABASE_URL：不支持「{scheme}」，请填 postgres://用户:密码@主机:端口/库名"
            )
        connection = expand_db_url(url.replace(scheme, "asyncpg", 1))
        connection["credentials"] |= {"minsize": 1, "maxsize": 10}
    return {
        "connections": {"default": connection},
        "apps": {
            APP: {
                "models": list(MODULES),
                "default_connection": "default",
                "migrations": "models.migrations",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


TORTOISE = configuration("sqlite://var/momentum.db")
"""For the `tortoise` command line: `tortoise -c models.db.TORTOISE makemigrations`."""


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[TortoiseContext]:
    """Open the database for this process and close it at the end."""
    if url.startswith("sqlite://"):
        Path(url.removeprefix("sqlite://")).parent.mkdir(parents=True, exist_ok=True)
    context = await Tortoise.init(config=configuration(url), _enable_global_fallback=True)
    try:
        yield context
    finally:
        await context.close_connections()


@asynccontextmanager
async def alone(data_dir: Path, wanted: bool) -> AsyncIterator[None]:
    """Keep a second process off the embedded database and queue, if `wanted`.

    The lock ends with the process, however it ends. Raises SettingsError while another has it.
    """
    if not wanted:
        yield
        return
    lock = await asyncio.to_thread(_locked, data_dir)
    try:
        yield
    finally:
        lock.close()


def _locked(data_dir: Path) -> IO[str]:
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = (data_dir / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        lock.close()
        raise SettingsError(
            f"{data_dir} 正被另一个动能进程使用；请先停掉它，或用 MOMENTUM_DATA_DIR 换一个目录"
        ) from fault
    return lock


async def pending(url: str) -> list[str]:
    """Names of migrations that the opened database still lacks.

    Raises SettingsError if it cannot be reached: to the ORM that looks like an empty one.
    """
    try:
        await is_alive()
    except Exception as fault:  # whatever the driver says
        raise SettingsError(
            f"连接失败（{type(fault).__name__}），请检查 MOMENTUM_DATABASE_URL，确认数据库在运行"
        ) from fault
    executor = _executor(url)
    return [str(step.migration.name) for step in await executor.plan(None)]


async def migrate(url: str) -> list[str]:
    """Bring the opened database to the newest schema, one process at a time; returns what ran."""
    executor = _executor(url)
    async with _migration_lock():
        names = [str(step.migration.name) for step in await executor.plan(None)]
        if names:
            await executor.migrate([MigrationTarget(app_label=APP, name="__latest__")])
    return names


def _executor(url: str) -> MigrationExecutor:
    return MigrationExecutor(connection(), configuration(url)["apps"])


@asynccontextmanager
async def _migration_lock() -> AsyncIterator[None]:
    if not is_postgres():
        yield
        return
    async with in_transaction() as holder:  # released with the transaction, whatever happens
        await holder.execute_query(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
        yield


def connection() -> BaseDBAsyncClient:
    """The connection (or the transaction's) for raw SQL on the hot paths."""
    return get_connection("default")


def is_postgres() -> bool:
    return connection().capabilities.dialect == "postgres"


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """All or nothing: changes, outgoing messages, audit and "done" together."""
    async with in_transaction():
        yield


async def queue_up(*names: str) -> None:
    """Whoever comes later with one of these names waits until this transaction has ended.

    On SQLite every transaction waits for every other anyway.
    """
    if is_postgres():
        keys = {hashlib.sha256(name.encode()).digest()[:8] for name in names}
        for key in sorted(int.from_bytes(key, signed=True) for key in keys):  # no two embrace
            await connection().execute_query(f"SELECT pg_advisory_xact_lock({key})")


async def is_alive() -> bool:
    """Whether the database answers."""
    await connection().execute_query("SELECT 1")
    return True


def stamp(moment: datetime) -> Any:
    """A time as a raw SQL parameter: SQLite keeps text that sorts by time, PostgreSQL the value."""
    return moment if is_postgres() else str(moment.astimezone(UTC))
