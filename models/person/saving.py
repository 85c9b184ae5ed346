"""The people file taken in: new people, changes, and what was refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

from crm.person import Entry, Known, PersonRow, Plan, plan
from models.person.batch import MOVED, Owners, ask_move, batches, write
from models.person.record import Account, PersonRecord, on_record

__all__ = ["MOVED", "Saved", "ask_move", "attach", "save"]

_PAUSE_SECONDS = 0.02  # the least between transactions
_WAITER_SECONDS = 0.12  # SQLite's waiters look again within 100 ms: enough for any of them
_PAUSE_SHARE = 0.25  # of the time that the transaction took
_ROUNDS = 5  # plans made anew because somebody else wrote meanwhile


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a people file: counts of people, and the refused lines in words."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    faults: tuple[str, ...] = ()


async def save(
    tenant: str,
    rows: Iterable[PersonRow],
    *,
    now: datetime | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Saved:
    """Add or update people. Safe to repeat: what is on record already is not touched.

    Planned from what is read, written in short transactions that check that the plan still
    holds; what does not is planned anew. Broken off, the same file again does the rest.
    Whoever changes team, store or manager is moved by a task of its own. `now` is when
    the file was read; by default the moment it is saved. `progress` is told the people written.
    """
    rows, moment = tuple(rows), now or datetime.now(UTC)
    written: dict[tuple[str, ...], bool] = {}  # place → is a new person
    for _ in range(_ROUNDS):
        known = await on_record(tenant)
        done = await asyncio.to_thread(plan, known, rows)
        aged = await _carry_out(tenant, done, known, written, moment, progress)
        if not aged:
            break
    added = sum(written.values())
    kept = sum(entry.is_unchanged and entry.place not in written for entry in done.entries)
    faults = [*done.faults, *(_busy(line) for entry in aged for line in entry.lines)]
    words = tuple(text for _, text in sorted(faults))
    return Saved(added, len(written) - added, kept, words)


async def _carry_out(
    tenant: str,
    done: Plan,
    known: Iterable[Known],
    written: dict[tuple[str, ...], bool],
    now: datetime,
    progress: Callable[[int], None],
) -> list[Entry]:
    """Write what differs; returns what could not be since the plan had aged."""
    owners: Owners = {item: who.id for who in known for item in who.accounts.items()}
    aged: list[Entry] = []
    began = perf_counter()
    for number, batch in enumerate(batches(e for e in done.entries if not e.is_unchanged)):
        if number:
            pause = min(_WAITER_SECONDS, (perf_counter() - began) * _PAUSE_SHARE)
            await asyncio.sleep(max(_PAUSE_SECONDS, pause))
        began = perf_counter()
        if await write(tenant, batch, owners, now=now):
            for entry in batch:
                written.setdefault(entry.place, entry.known is None)
            progress(len(written))
        else:
            aged += batch
    return aged


def _busy(line: int) -> tuple[int, str]:
    return line, f"第 {line} 行：这个人正在被别处修改，请稍后再导入一次"


async def attach(record: PersonRecord, platform: str, user: str) -> None:
    """Make the account this person's only one there, whoever had it."""
    await Account.filter(person=record, platform=platform).exclude(user=user).delete()
    await Account.update_or_create(
        tenant=record.tenant, platform=platform, user=user, defaults={"person": record}
    )
