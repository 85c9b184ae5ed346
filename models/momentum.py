"""The energy of leads: the signal log, two numbers per time class, and the next crossing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model

from crm.momentum import (
    Change,
    Energy,
    Heat,
    MomentumPolicy,
    Pulse,
    TimeClass,
    next_change,
    replayed,
)
from models.moment import MomentField

STOPPED = -1  # in place of a policy version: the lead is closed


class SignalRow(Model):
    """One signal of a lead: the log from which the energy can be rebuilt."""

    id = fields.BigIntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    lead_id = fields.IntField()
    key = fields.CharField(max_length=190)
    kind = fields.CharField(max_length=32)
    words = fields.CharField(max_length=200, default="")
    points = fields.FloatField()
    time_class = fields.CharField(max_length=8)
    occurred_at = MomentField()
    received_at = MomentField()

    class Meta:
        table = "signal"
        unique_together = (("tenant", "key"),)
        indexes = (("lead_id", "occurred_at"),)


class MomentumRow(Model):
    """Where a lead's momentum stands. `changes_at` is solved, indexed, and never polled for."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    lead_id = fields.IntField(unique=True)
    energy = fields.TextField()
    heat = fields.CharField(max_length=8)
    heat_since = MomentField()
    changes_at = MomentField(null=True)
    changes_to = fields.CharField(max_length=8, default="")
    policy_version = fields.IntField(default=0)
    fuses = fields.IntField(default=0)  # how often it has turned red: names the card of each time

    class Meta:
        table = "momentum"
        indexes = (("changes_at",), ("tenant", "policy_version"))


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal to add; `key` makes adding it twice the same as once."""

    key: str
    kind: str
    words: str
    points: float
    time_class: TimeClass
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A lead's momentum as the rules see it."""

    tenant: str
    lead_id: int
    energy: Energy
    heat: Heat
    heat_since: datetime
    next: Change | None
    policy_version: int
    fuses: int

    def fuse_ref(self) -> str:
        """The identity of the card about the latest fuse."""
        return f"fuse:{self.lead_id}:{self.fuses}"


@dataclass(frozen=True, slots=True)
class Crossing:
    """A change that was carried out, and the state that the lead left."""

    at: datetime
    heat: Heat
    before: Heat

    @property
    def rises(self) -> bool:
        """Whether the lead is better off than before."""
        order = tuple(Heat)
        return order.index(self.heat) < order.index(self.before)


async def begin(tenant: str, lead_id: int, policy: MomentumPolicy, *, now: datetime) -> None:
    """A new lead: no energy yet, green until it has shown otherwise."""
    await MomentumRow.create(
        tenant=tenant,
        lead_id=lead_id,
        energy=_dumps(Energy.empty(now, policy.taus)),
        heat=Heat.GREEN,
        heat_since=now,
    )


async def add(
    tenant: str,
    lead_id: int,
    signals: Iterable[Signal],
    policy: MomentumPolicy,
    *,
    version: int,
    now: datetime,
) -> Standing:
    """Add signals under a row lock and solve the next crossing anew; known keys change nothing."""
    row = await _locked(lead_id)
    energy = await _current_energy(row, policy, now)
    for signal in signals:
        if await SignalRow.filter(tenant=tenant, key=signal.key).exists():
            continue
        await SignalRow.create(
            tenant=tenant,
            lead_id=lead_id,
            key=signal.key,
            kind=signal.kind,
            words=signal.words[:200],
            points=signal.points,
            time_class=signal.time_class,
            occurred_at=signal.occurred_at,
            received_at=now,
        )
        energy = energy.add(signal.points, signal.time_class, signal.occurred_at)
    return await _settle(row, energy, policy, version=version, now=now)


async def due(*, now: datetime, limit: int) -> list[tuple[str, int]]:
    """(tenant, lead) whose crossing has come, earliest first; nobody else is even read."""
    rows = MomentumRow.filter(changes_at__lte=now).order_by("changes_at").limit(limit)
    return [(row.tenant, row.lead_id) for row in await rows.only("id", "tenant", "lead_id")]


async def cross(
    lead_id: int, policy: MomentumPolicy, *, version: int, now: datetime
) -> Crossing | None:
    """Carry out a crossing that is due, under a row lock; None if another process was faster.

    The lead enters its new state at the solved moment, however late the sweep; the crossing after
    it is solved from there, so that none is skipped. What was solved under other policies is first
    solved under these; it may turn out that nothing is due.
    """
    row = (
        await MomentumRow.filter(lead_id=lead_id, changes_at__lte=now)
        .select_for_update(skip_locked=True)
        .first()
    )
    if row is None or row.changes_at is None:
        return None
    energy = await _current_energy(row, policy, now)
    if row.policy_version != version:
        await _settle(row, energy, policy, version=version, now=now)
        if row.changes_at is None or row.changes_at > now:
            return None
    change = Crossing(row.changes_at, Heat(row.changes_to), Heat(row.heat))
    row.heat, row.heat_since = change.heat, change.at
    row.fuses += change.heat is Heat.RED
    _plan(row, next_change(change.heat, energy, change.at, policy))
    row.policy_version = version
    await row.save()
    return change


async def stop(lead_id: int) -> None:
    """The lead is closed: nothing crosses any more."""
    await MomentumRow.filter(lead_id=lead_id).update(
        changes_at=None, changes_to="", policy_version=STOPPED
    )


async def outdated(tenant: str, version: int, limit: int) -> list[int]:
    """Open leads that were last solved under another version of the policies."""
    rows = MomentumRow.filter(~Q(policy_version__in=(version, STOPPED)), tenant=tenant)
    return [row.lead_id for row in await rows.limit(limit).only("id", "lead_id")]


async def resettle(lead_id: int, policy: MomentumPolicy, *, version: int, now: datetime) -> None:
    """Solve a lead's crossing anew after the policies have changed."""
    row = await _locked(lead_id)
    energy = await _current_energy(row, policy, now)
    await _settle(row, energy, policy, version=version, now=now)


async def standing(lead_id: int) -> Standing:
    return _standing(await MomentumRow.get(lead_id=lead_id))


async def standings(lead_ids: Iterable[int]) -> dict[int, Standing]:
    rows = await MomentumRow.filter(lead_id__in=list(lead_ids))
    return {row.lead_id: _standing(row) for row in rows}


async def pulses(lead_id: int) -> list[Pulse]:
    """The lead's signals as the rules replay them, oldest first."""
    rows = await SignalRow.filter(lead_id=lead_id).order_by("occurred_at", "id")
    return [pulse(row) for row in rows]


def pulse(row: SignalRow) -> Pulse:
    """A signal as the rules replay it."""
    return Pulse(row.points, TimeClass(row.time_class), row.occurred_at)


async def signals(lead_id: int, limit: int = 20) -> list[SignalRow]:
    """The lead's signals, newest first."""
    return await SignalRow.filter(lead_id=lead_id).order_by("-occurred_at", "-id").limit(limit)


async def _locked(lead_id: int) -> MomentumRow:
    return await MomentumRow.filter(lead_id=lead_id).select_for_update().get()


async def _current_energy(row: MomentumRow, policy: MomentumPolicy, now: datetime) -> Energy:
    """The stored energy; rebuilt from the log if the time constants have changed since."""
    energy = Energy.from_json(json.loads(row.energy))
    if energy.taus == policy.taus:
        return energy
    rebuilt = replayed(await pulses(row.lead_id), now, policy)
    row.energy = _dumps(rebuilt)
    return rebuilt


async def _settle(
    row: MomentumRow, energy: Energy, policy: MomentumPolicy, *, version: int, now: datetime
) -> Standing:
    """Keep the energy and the very next change; a change that is due now is left to the sweep."""
    row.energy = _dumps(energy.advanced(now))
    _plan(row, next_change(Heat(row.heat), energy.advanced(now), now, policy))
    row.policy_version = version
    await row.save()
    return _standing(row)


def _plan(row: MomentumRow, change: Change | None) -> None:
    row.changes_at = change.at if change else None
    row.changes_to = change.heat if change else ""


def _standing(row: MomentumRow) -> Standing:
    coming = Change(row.changes_at, Heat(row.changes_to)) if row.changes_at else None
    return Standing(
        tenant=row.tenant,
        lead_id=row.lead_id,
        energy=Energy.from_json(json.loads(row.energy)),
        heat=Heat(row.heat),
        heat_since=row.heat_since,
        next=coming,
        policy_version=row.policy_version,
        fuses=row.fuses,
    )


def _dumps(energy: Energy) -> str:
    kept: dict[str, Any] = energy.to_json()
    return json.dumps(kept)
