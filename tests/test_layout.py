"""One name in every room, lists that name everything, and migrations that know the models."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.models import Model

import handlers
import jobs
from bot.commands import Commands, Table
from jobs.task import Job
from models import db

ROOT = Path(__file__).parent.parent
ROOMS = ("handlers", "cards", "jobs", "models")

PLUMBING = {
    "handlers/table": "reads CSV and XLSX",
    "handlers/terminal": "the command line's own commands, of every capability",
    "cards/card": "the neutral card itself",
    "cards/drawing": "what a picture shows, before it is drawn",
    "cards/picture": "draws pictures",
    "cards/parcel": "a card on its way",
    "cards/fonts": "the font that pictures are drawn with",
    "cards/gallery": "every card once, to be looked at",
    "jobs/bench": "measurements",
    "jobs/demo": "the demo company",
    "jobs/inbox": "works what came in",
    "jobs/outbox": "delivers what goes out",
    "jobs/queue": "wake-up calls between processes",
    "jobs/reading": "makes words of voices, and fetches what customers wrote",
    "jobs/shared": "what processes share over the queue",
    "jobs/task": "does durable work for later",
    "jobs/unread": "what is no words, and who is to read it",
    "jobs/valkey": "the embedded queue",
    "jobs/worker": "drains the rooms",
    "models/audit": "who did what: of every capability",
    "models/db": "opens and migrates the database",
    "models/inbox": "what came in",
    "models/migrations": "the schema's history",
    "models/moment": "a column type",
    "models/outbox": "what goes out",
    "models/policy": "versions of what admins edit",
    "models/sight": "gathers what the views of a lead need",
    "models/sqlite": "a database backend",
    "models/task": "durable work for later",
}
"""Files that serve every capability and so have no namesake in crm/, and why."""


def parts(room: str) -> Iterator[str]:
    """A room's modules and packages by name."""
    for path in sorted((ROOT / room).iterdir()):
        is_package = path.is_dir() and (path / "__init__.py").exists()
        if (path.suffix == ".py" or is_package) and path.stem not in ("__init__", "__pycache__"):
            yield path.stem


@pytest.mark.parametrize("room", ROOMS)
def test_every_file_has_a_namesake_among_the_rules_or_a_reason(room: str) -> None:
    rules = set(parts("crm"))
    strangers = [
        name for name in parts(room) if name not in rules and f"{room}/{name}" not in PLUMBING
    ]
    assert not strangers, f"{room}: no crm/<name> for {strangers}"


def test_no_reason_outlives_its_need() -> None:
    """A namesake has come: then the file is that capability's, not plumbing."""
    rules = set(parts("crm"))
    assert [name for name in PLUMBING if name.partition("/")[2] in rules] == []


def modules(room: str) -> Iterator[str]:
    for path in sorted((ROOT / room).rglob("*.py")):
        if "migrations" not in path.parts and path.stem != "__main__":
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_every_capability_that_can_be_said_is_on_the_list() -> None:
    described = {
        item.name: name
        for name in modules("handlers")
        for item in vars(importlib.import_module(name)).values()
        if isinstance(item, Commands)
    }
    assert {item.name for item in handlers.ALL} == set(described)
    assert Table(handlers.ALL).commands


def test_every_job_is_on_the_list_under_its_own_name() -> None:
    described = {
        job.name
        for name in modules("jobs")
        for job in getattr(importlib.import_module(name), "JOBS", ())
    }
    names = [job.name for job in jobs.JOBS]
    assert sorted(names) == sorted(described)
    assert len(set(names)) == len(names)
    assert all(isinstance(job, Job) for job in jobs.JOBS)


def test_every_command_says_how_it_is_used_and_what_for() -> None:
    for command in Table(handlers.ALL).commands:
        assert command.usage.startswith(command.words[0]), command.words
        assert command.help
        assert not command.help.endswith("。"), command.words


def tables() -> list[type[Model]]:
    return [
        item
        for name in db.MODULES
        for item in vars(importlib.import_module(name)).values()
        if inspect.isclass(item) and issubclass(item, Model) and item.__module__.startswith(name)
    ]


def test_every_table_is_known_to_the_database() -> None:
    with_tables = {
        name
        for name in modules("models")
        for item in vars(importlib.import_module(name)).values()
        if inspect.isclass(item)
        and issubclass(item, Model)
        and item is not Model
        and item.__module__ == name
    }
    lost = [name for name in with_tables if not name.startswith(db.MODULES)]
    assert not lost, f"missing in models.db.MODULES: {lost}"


def test_no_tables_docstring_holds_a_semicolon() -> None:
    """Tortoise splits a migration's SQL at each one, also inside the comment made of it."""
    assert [item.__name__ for item in tables() if ";" in (item.__doc__ or "")] == []


async def test_migrations_are_up_to_date_with_the_models(database: str) -> None:
    assert Tortoise.apps
    config = db.configuration(database)["apps"]
    changes = await MigrationAutodetector(Tortoise.apps, config).changes()
    missing = [str(operation) for writer in changes for operation in writer.operations]
    assert not missing, "run: tortoise -c models.db.TORTOISE makemigrations"


async def test_a_migrated_database_lacks_nothing_and_migrating_again_does_nothing(
    database: str,
) -> None:
    assert await db.pending(database) == []
    assert await db.migrate(database) == []


async def test_an_old_database_says_what_it_lacks_and_is_brought_up_to_date(
    tmp_path: Path,
) -> None:
    url = db.embedded_url(tmp_path / "new" / "folder")
    async with db.opened(url):
        assert await db.pending(url) != []
        assert await db.migrate(url) != []
        assert await db.pending(url) == []
        assert await db.is_alive()
