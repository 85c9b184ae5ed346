"""The durable inbox: what came in, kept before the platform gets its 200."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

from tortoise import fields
from tortoise.expressions import F
from tortoise.models import Model

from models.db import connection, is_postgres, stamp, transaction
from models.moment import MomentField

NEW, DONE, DEAD = "new", "done", "dead"
RECOVERY_WAIT = timedelta(seconds=5)  # from counting a new try to its lock on the row


class InboxRow(Model):
    """One event, unique on (platform, app, key), so a redelivery finds the first."""

    id = fields.BigIntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    platform = fields.CharField(max_length=16)
    app = fields.CharField(max_length=64)
    key = fields.CharField(max_length=190)
    lane = fields.CharField(max_length=200)  # events of one lane are worked in order
    kind = fields.CharField(max_length=16)
    body = fields.TextField()
    state = fields.CharField(max_length=8, default=NEW)
    attempts = fields.IntField(default=0)
    recoveries = fields.IntField(default=0)  # times in a row that whoever worked it died
    not_before = MomentField()
    error = fields.CharField(max_length=400, default="")
    answer = fields.TextField(default="")  # what the presser saw, for a redelivered press
    trace = fields.CharField(max_length=32, default="")
    received_at = MomentField()
    done_at = MomentField(null=True)

    class Meta:
        table = "inbox"
        unique_together = (("platform", "app", "key"),)
        indexes = (("state", "not_before"), ("lane", "state"))


class Arrived(Protocol):
    """What the inbox needs to know of an event (bot.event.Event has it)."""

    @property
    def platform(self) -> str: ...
    @property
    def app(self) -> str: ...
    @property
    def tenant(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def person(self) -> str: ...
    @property
    def chat(self) -> str: ...
    @property
    def kind(self) -> str: ...

    def to_json(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """Where an arrived event stands: `fresh` the first time, else how far its working has got."""

    id: int
    fresh: bool
    done: bool
    answer: str


_COLUMNS = (
    *("tenant", "platform", "app", "key", "lane", "kind", "body", "state", "attempts"),
    *("recoveries", "not_before", "error", "answer", "trace", "received_at"),
)


async def store(
    arrivals: Sequence[tuple[Arrived, str]], *, now: datetime, press_wait: timedelta
) -> list[Kept]:
    """Keep (event, trace) pairs in one statement; the answer comes when they are on disk.

    A press is worked at once by whoever took it, so others leave it alone for `press_wait`.
    """
    at, later = stamp(now), stamp(now + press_wait)
    values: list[Any] = []
    for event, trace in arrivals:
        values += (
            *(event.tenant, event.platform, event.app, event.key, _lane(event), event.kind),
            *(_encode(event.to_json()), NEW, 0, 0, later if event.kind == "press" else at),
            *("", "", trace, at),
        )
    insert = _insert(len(arrivals), is_postgres())
    # not execute_query: on PostgreSQL it keeps what an INSERT returns to itself
    rows = await connection().execute_query_dict(insert, values)
    fresh = {(row["platform"], row["app"], row["key"]): int(row["id"]) for row in rows}
    known = await _known([event for event, _ in arrivals if _name(event) not in fresh])
    return [
        Kept(fresh[name], fresh=True, done=False, answer="") if name in fresh else known[name]
        for name in (_name(event) for event, _ in arrivals)
    ]


async def _known(events: Sequence[Arrived]) -> dict[tuple[str, str, str], Kept]:
    """How far the working of events has got that were kept before."""
    if not events:
        return {}
    rows = await InboxRow.filter(key__in=[event.key for event in events])
    return {
        (row.platform, row.app, row.key): Kept(row.id, False, row.state != NEW, row.answer)
        for row in rows
    }


_encode = json.JSONEncoder(ensure_ascii=False).encode


def _name(event: Arrived) -> tuple[str, str, str]:
    return event.platform, event.app, event.key


@lru_cache(maxsize=512)
def _insert(count: int, postgres: bool) -> str:
    """The statement for so many rows; the same text again is prepared already."""
    width = len(_COLUMNS)
    if postgres:
        marks = [f"${number + 1}" for number in range(count * width)]
    else:
        marks = ["?"] * (count * width)
    rows = ",".join(f"({','.join(marks[at : at + width])})" for at in range(0, len(marks), width))
    columns = ",".join(f'"{name}"' for name in _COLUMNS)
    return (
        f"INSERT INTO inbox ({columns}) VALUES {rows} "
        'ON CONFLICT (platform, app, "key") DO NOTHING RETURNING id, platform, app, "key"'
    )


def _lane(event: Arrived) -> str:
    return f"{event.platform}:{event.app}:{event.person or event.chat or event.key}"[:200]


@dataclass(frozen=True, slots=True)
class Due:
    """An event to work; `recoveries`: how often in a row whoever worked it seems to have died."""

    id: int
    recoveries: int
    is_old: bool


async def due(*, now: datetime, limit: int, since: datetime) -> list[Due]:
    """Events to work, oldest first, at most one a lane: the next waits for it.

    One is old that came before `since`, when this process began: another may have died over it.
    """
    mark, old = ("$1", "$2") if is_postgres() else ("?1", "?2")
    sql = (
        f"SELECT i.id, i.recoveries, i.received_at < {old} AS is_old FROM inbox i "
        f"WHERE i.state = 'new' AND i.not_before <= {mark} "
        "AND NOT EXISTS (SELECT 1 FROM inbox e WHERE e.lane = i.lane "
        f"AND e.state = 'new' AND e.id < i.id) ORDER BY i.id LIMIT {int(limit)}"
    )
    rows = await connection().execute_query_dict(sql, [stamp(now), stamp(since)])
    return [Due(int(row["id"]), int(row["recoveries"]), bool(row["is_old"])) for row in rows]


async def begin_again(items: Sequence[Due], *, now: datetime) -> list[int]:
    """Count, before working events that may have killed a process, that they are worked again.

    The count outlives this process, unlike all else that a working does. Ids of those that nobody
    else has or counts; for RECOVERY_WAIT no other process looks at them.
    """
    counted = {item.id: item.recoveries for item in items}
    async with transaction():
        rows = (
            await InboxRow.filter(id__in=list(counted), state=NEW, not_before__lte=now)
            .select_for_update(skip_locked=True)
            .only("id", "recoveries")
        )
        ids = [row.id for row in rows if row.recoveries == counted[row.id]]
        later = now + RECOVERY_WAIT
        await InboxRow.filter(id__in=ids).update(recoveries=F("recoveries") + 1, not_before=later)
    return ids


async def take(id: int) -> InboxRow | None:
    """Lock one unworked event inside the caller's transaction; None if another has it or did it."""
    return await InboxRow.filter(id=id, state=NEW).select_for_update(skip_locked=True).first()


async def finish(row: InboxRow, *, answer: str, now: datetime) -> None:
    """Done, in the same transaction as its effects."""
    row.state, row.answer, row.done_at = DONE, answer, now
    await row.save(update_fields=["state", "answer", "done_at"])


async def fail(id: int, *, error: str, retry_at: datetime | None) -> bool:
    """Note a failed try that its process survived; without `retry_at` the event is dead.

    True if it is dead now. What another process has done meanwhile stays done.
    """
    changes: dict[str, Any] = {"state": DEAD} if retry_at is None else {"not_before": retry_at}
    noted = await InboxRow.filter(id=id, state=NEW).update(
        **changes, attempts=F("attempts") + 1, recoveries=0, error=error[:400]
    )
    return bool(noted) and retry_at is None


async def answer(id: int) -> str | None:
    """What a press was answered with; None while it is not done."""
    row = await InboxRow.get(id=id)
    return None if row.state == NEW else str(row.answer)


async def waiting() -> int:
    """How many events are not worked yet."""
    return await InboxRow.filter(state=NEW).count()
