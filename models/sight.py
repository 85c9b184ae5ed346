"""What the views of a lead's momentum need, gathered from several tables."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from cards.momentum import Fuse, Sight
from config.policies import Policies
from crm.lead import LeadView, Seen, next_step_advice, win_back
from crm.person import Role
from crm.signal import SIGNALS, Signal
from models import lead as leads
from models import momentum, person


async def sight(lead: LeadView, policies: Policies, *, now: datetime, zone: ZoneInfo) -> Sight:
    """A lead's momentum as of `now`."""
    standing = await momentum.standing(lead.id)
    rows = list(reversed(await momentum.signals(lead.id, limit=200)))
    return Sight(
        lead=lead,
        energy=standing.energy,
        heat=standing.heat,
        pulses=[momentum.pulse(row) for row in rows],
        labels=[label(row.kind) for row in rows],
        policy=policies.momentum,
        policy_version=policies.version,
        now=now,
        zone=zone,
    )


async def fuse(lead: LeadView, policies: Policies, *, now: datetime, zone: ZoneInfo) -> Fuse:
    """All that a manager needs to decide about a lead that is being lost."""
    standing = await momentum.standing(lead.id)
    touches, signals = await leads.touches(lead.id), await signals_seen(lead.id)
    sellers = await person.with_role(standing.tenant, Role.REP, team=lead.team)
    return Fuse(
        sight=await sight(lead, policies, now=now, zone=zone),
        at=standing.heat_since,
        history=await leads.history(lead.id),
        script=win_back(lead, touches, signals, now=now.astimezone(zone)),
        colleagues=[(item.id, item.name) for item in sellers if item.id != lead.owner_id],
        ref=standing.fuse_ref(),
    )


async def advice(lead: LeadView, *, now: datetime, zone: ZoneInfo) -> str:
    """The one thing to do now, with its reason."""
    touches, signals = await leads.touches(lead.id), await signals_seen(lead.id)
    told = next_step_advice(lead, touches, signals, now=now.astimezone(zone))
    return f"{told.step}（{told.why}）"


async def signals_seen(lead_id: int) -> list[Seen]:
    """The lead's behaviour signals as the talk track reads them."""
    rows = await momentum.signals(lead_id, limit=100)
    known = set(Signal)
    return [Seen(row.occurred_at, Signal(row.kind), row.words) for row in rows if row.kind in known]


def label(kind: str) -> str:
    """A signal's name on a curve."""
    named = {"capture": "登记", "touch": "跟进"}
    return named.get(kind) or SIGNALS[Signal(kind)].label
