"""Leads when their owner leaves or changes team: none is ever without an owner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from crm.lead.view import Deed, LeadView, Status
from crm.person import Person
from crm.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class Handover:
    """What a departure moved to the heir; `key` names this departure."""

    gone: Person
    heir: Person | None
    leads: tuple[LeadView, ...]
    store_heads: tuple[Person, ...]  # who make the rosters that still have the departed in them
    redirected: int  # unsent messages that go to the heir
    dropped: int  # unsent messages that go to nobody
    key: str


@dataclass(frozen=True, slots=True)
class Move:
    """A person's new place, with the leads that came along; `before` is as it was."""

    who: Person
    before: Person
    leads: tuple[LeadView, ...]
    old_heads: tuple[Person, ...]
    new_heads: tuple[Person, ...]


def handed_over(lead: LeadView, *, gone: Person, to: Person, now: datetime) -> LeadView:
    """The lead of somebody who left in the heir's hands, awake again.

    Raises RefusedError if it is closed, or was not theirs.
    """
    if lead.status is not Status.OPEN or lead.owner_id != gone.id:
        raise RefusedError(f"「{lead.name}」不在 {gone.name} 名下，无需交接。")
    return replace(
        lead,
        version=lead.version + 1,
        owner_id=to.id,
        owner_name=to.name,
        team=to.team or lead.team,
        snoozed_until=None,
        last_deed=Deed("系统", f"已交给 {to.name}（{gone.name} 离职）", now),
    )


def moved_along(lead: LeadView, *, owner: Person, now: datetime) -> LeadView:
    """The lead in its owner's new team."""
    deed = Deed("系统", f"已随 {owner.name} 调入 {owner.team or '无团队'}", now)
    return replace(lead, version=lead.version + 1, team=owner.team, last_deed=deed)
