"""A part of a people file written in one short transaction, if nothing has changed since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from tortoise.exceptions import IntegrityError

from crm.person import Entry, Known, PersonRow, Role
from models import task
from models.db import transaction
from models.person.record import Account, PersonRecord, as_known

MOVED = "person.moved"  # the job that tells both managers and takes the leads along
MOST = 200  # people a transaction: a fraction of a second, so that a running server gets its turn

Owners = dict[tuple[str, str], int]
"""(platform, user) → person"""


class _StaleError(Exception):
    """Somebody else has written what the plan was made from."""


def batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Entries in their order; those who hand a place, number or account on stay together.

    So each batch leaves a state from which the same file leads to the same end.
    """
    batch: list[Entry] = []
    for group in _related(list(entries)):
        if batch and len(batch) + len(group) > MOST:
            yield batch
            batch = []
        batch += group
    if batch:
        yield batch


def _related(entries: Sequence[Entry]) -> list[list[Entry]]:
    owner: dict[tuple[str, ...], int] = {}
    parent = list(range(len(entries)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for number, entry in enumerate(entries):
        for key in _keys(entry):
            first, second = root(owner.setdefault(key, number)), root(number)
            parent[max(first, second)] = min(first, second)
    groups: dict[int, list[Entry]] = {}
    for number, entry in enumerate(entries):
        groups.setdefault(root(number), []).append(entry)
    return list(groups.values())


def _keys(entry: Entry) -> Iterator[tuple[str, ...]]:
    """All that the person is known by, before and after."""
    for who in (entry.row, entry.known):
        if who:
            yield ("place", who.name, who.team, who.store)
            yield from (("account", *account) for account in who.accounts.items())
            if who.mobile:
                yield ("mobile", who.mobile)


async def write(tenant: str, entries: Sequence[Entry], owners: Owners, *, now: datetime) -> bool:
    """Write the entries all together; False, and nothing written, if the plan has aged.

    `owners` are the accounts' owners when the plan was made.
    """
    try:
        async with transaction():
            await _check(tenant, entries, owners)
            await _make_way(entries)
            await _change([entry for entry in entries if entry.known])
            ids = await _add(tenant, [entry for entry in entries if not entry.known])
            ids |= {entry.place: entry.known.id for entry in entries if entry.known}
            await _attach(tenant, {ids[entry.place]: entry.row for entry in entries})
            for entry in entries:
                if entry.known and entry.known.is_present and _is_moved(entry.known, entry.row):
                    await ask_move(tenant, entry.known.id, entry.known, now=now)
    except (_StaleError, IntegrityError):
        return False
    return True


async def _check(tenant: str, entries: Sequence[Entry], owners: Owners) -> None:
    """Whom the entries mean must still be as planned, and so must whose the keys are."""
    before = {entry.known.id: entry.known for entry in entries if entry.known}
    people = PersonRecord.filter(tenant=tenant, id__in=list(before)).select_for_update()
    theirs = Account.filter(tenant=tenant, person_id__in=list(before))
    if before and {who.id: who for who in await as_known(people, theirs)} != before:
        raise _StaleError
    wanted = {account for entry in entries for account in entry.row.accounts.items()}
    for platform in {platform for platform, _ in wanted}:
        users = [user for where, user in wanted if where == platform]
        rows = Account.filter(tenant=tenant, platform=platform, user__in=users)
        for user, owner in await rows.values_list("user", "person_id"):
            if owners.get((platform, user)) != owner:
                raise _StaleError


async def _make_way(entries: Iterable[Entry]) -> None:
    """Names are unique in their place: whoever moves leaves the old one before others come."""
    wanted = {entry.place for entry in entries}
    for entry in entries:
        if entry.known and entry.known.place != entry.place and entry.known.place in wanted:
            await PersonRecord.filter(id=entry.known.id).update(store=f"→{entry.known.id}")


async def _change(entries: Sequence[Entry]) -> None:
    if not entries:
        return
    new = {entry.known.id: _values(entry) for entry in entries if entry.known}
    now = {row["id"]: row for row in await PersonRecord.filter(id__in=list(new)).values()}
    groups: dict[tuple[tuple[str, str], ...], list[int]] = {}  # often a whole team changes alike
    for id_, values in new.items():
        told = tuple(item for item in values.items() if now[id_][item[0]] != item[1])
        groups.setdefault(told, []).append(id_)
    for told, ids in groups.items():
        if told:
            await PersonRecord.filter(id__in=ids).update(**dict(told))
    returned = [entry.known.id for entry in entries if entry.known and not entry.known.is_present]
    if returned:
        await PersonRecord.filter(id__in=returned).update(left_at=None)


async def _add(tenant: str, entries: Sequence[Entry]) -> dict[tuple[str, ...], int]:
    """The new people's ids by their places."""
    if not entries:
        return {}
    last = await PersonRecord.all().order_by("-id").first().values_list("id", flat=True) or 0
    await PersonRecord.bulk_create(
        PersonRecord(tenant=tenant, **_values(entry)) for entry in entries
    )
    rows = PersonRecord.filter(tenant=tenant, id__gt=last)
    found = await rows.values_list("name", "team", "store", "id")
    return {(name, team, store): id_ for name, team, store, id_ in found}


def _values(entry: Entry) -> dict[str, Any]:
    row, known = entry.row, entry.known
    return {
        "name": row.name,
        "roles": "|".join(role for role in Role if role in row.roles),
        "team": row.team,
        "store": row.store,
        "manager": row.manager,
        "mobile": row.mobile or (known.mobile if known else ""),
        "skills": "|".join(row.skills),
    }


async def _attach(tenant: str, rows: dict[int, PersonRow]) -> None:
    """Make each account its person's only one there, whoever had it."""
    wanted = {account: id_ for id_, row in rows.items() for account in row.accounts.items()}
    held = await Account.filter(tenant=tenant, person_id__in=list(rows))
    for platform in {platform for platform, _ in wanted}:
        users = [user for where, user in wanted if where == platform]
        held += await Account.filter(tenant=tenant, platform=platform, user__in=users)
    gone = []
    for account in {item.id: item for item in held}.values():
        holder: int = account.person_id  # type: ignore[attr-defined]  # tortoise makes it
        owner = wanted.pop((account.platform, account.user), None)
        if owner is not None and owner != holder:
            await Account.filter(id=account.id).update(person_id=owner)
        elif owner is None and account.platform in rows[holder].accounts:
            gone.append(account.id)
    if gone:
        await Account.filter(id__in=gone).delete()
    await Account.bulk_create(
        Account(tenant=tenant, platform=platform, user=user, person_id=owner)
        for (platform, user), owner in wanted.items()
    )


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


def _is_moved(before: Known, row: PersonRow) -> bool:
    return (before.team, before.store, before.manager) != (row.team, row.store, row.manager)
