"""The people file taken in: new people, changes, and what was refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crm.person import Entry, Known, PersonRow, Role, plan
from models import task
from models.db import transaction
from models.person.record import Account, PersonRecord, on_record

MOVED = "person.moved"  # the job that tells both managers and takes the leads along


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a people file: counts of people, and the refused lines in words."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    faults: tuple[str, ...] = ()


async def save(tenant: str, rows: Iterable[PersonRow], *, now: datetime | None = None) -> Saved:
    """Add or update people. Safe to repeat: what is on record already is not touched.

    Whoever changes team, store or manager is moved by a task of its own. `now` is when
    the file was read; by default the moment it is saved.
    """
    moment = now or datetime.now(UTC)
    added = updated = unchanged = 0
    async with transaction():
        done = plan(await on_record(tenant), rows)
        await _make_way(done.entries)
        for entry in done.entries:
            if entry.is_unchanged:
                unchanged += 1
                continue
            record = await _write(tenant, entry)
            added, updated = added + (entry.known is None), updated + (entry.known is not None)
            if entry.known and entry.known.is_present and _is_moved(entry.known, entry.row):
                await ask_move(tenant, record.id, entry.known, now=moment)
    return Saved(added, updated, unchanged, tuple(words for _, words in done.faults))


async def ask_move(tenant: str, person: int, before: Known, *, now: datetime) -> None:
    """Have the leads follow a person who has changed team, store or manager."""
    args = {
        "person": person,
        "team": before.team,
        "store": before.store,
        "manager": before.manager,
    }
    key = f"{MOVED}:{person}:{now.timestamp():.6f}"
    await task.ask(tenant, MOVED, key=key, now=now, args=args, at=None)


async def _make_way(entries: Iterable[Entry]) -> None:
    """Names are unique in their place: whoever moves leaves the old one before others come."""
    for entry in entries:
        if entry.known and entry.known.place != entry.place:
            await PersonRecord.filter(id=entry.known.id).update(store=f"→{entry.known.id}")


async def _write(tenant: str, entry: Entry) -> PersonRecord:
    row, known = entry.row, entry.known
    values: dict[str, Any] = {
        "name": row.name,
        "roles": "|".join(role for role in Role if role in row.roles),
        "team": row.team,
        "store": row.store,
        "manager": row.manager,
        "mobile": row.mobile or (known.mobile if known else ""),
        "skills": "|".join(row.skills),
        "left_at": None,
    }
    if known:
        record = await PersonRecord.get(id=known.id)
        await record.update_from_dict(values).save()
    else:
        record = await PersonRecord.create(tenant=tenant, **values)
    for platform, user in row.accounts.items():
        await attach(record, platform, user)
    return record


async def attach(record: PersonRecord, platform: str, user: str) -> None:
    """Make the account this person's only one there, whoever had it."""
    await Account.filter(person=record, platform=platform).exclude(user=user).delete()
    await Account.update_or_create(
        tenant=record.tenant, platform=platform, user=user, defaults={"person": record}
    )


def _is_moved(before: Known, row: PersonRow) -> bool:
    return (before.team, before.store, before.manager) != (row.team, row.store, row.manager)
