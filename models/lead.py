"""Leads and what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model

from crm.language import mobiles, split_subject
from crm.lead import Deed, LeadView, Status, Touch, masked
from crm.momentum import Heat
from crm.person import Person, Role
from crm.refusal import NotFoundError
from models import audit
from models.db import queue_up
from models.moment import MomentField
from models.momentum import MomentumRow
from models.person import PersonRecord


class LeadRow(Model):
    """A lead. `version` rises with every change, so that a card can tell whether it is outdated."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    company = fields.CharField(max_length=100)
    contact = fields.CharField(max_length=50, default="")
    title = fields.CharField(max_length=50, default="")
    mobile = fields.CharField(max_length=20, default="")
    region = fields.CharField(max_length=64, default="")
    team = fields.CharField(max_length=64, default="")
    owner_id = fields.IntField(null=True)
    status = fields.CharField(max_length=16, default=Status.OPEN.value)
    source = fields.CharField(max_length=32, default="")
    budget_fen = fields.BigIntField(null=True)
    version = fields.IntField(default=1)
    next_step = fields.CharField(max_length=200, default="")
    next_step_at = MomentField(null=True)
    snoozed_until = MomentField(null=True)
    last_touch_at = MomentField(null=True)
    reason = fields.CharField(max_length=200, default="")
    deed_by = fields.CharField(max_length=64, default="")
    deed_did = fields.CharField(max_length=250, default="")
    deed_at = MomentField(null=True)
    created_at = MomentField()

    class Meta:
        table = "lead"
        indexes = (("tenant", "company"), ("tenant", "mobile"), ("tenant", "owner_id", "status"))


class LeadEvent(Model):
    """One line of a lead's history: what happened, when, by whom."""

    id = fields.BigIntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    lead_id = fields.IntField()
    key = fields.CharField(max_length=190)
    kind = fields.CharField(max_length=24)
    channel = fields.CharField(max_length=16, default="")
    words = fields.CharField(max_length=400)
    actor = fields.CharField(max_length=64, default="")
    at = MomentField()

    class Meta:
        table = "lead_event"
        unique_together = (("tenant", "key"),)
        indexes = (("lead_id", "at"),)


@dataclass(frozen=True, slots=True)
class NewLead:
    """What a new lead brings; the rest is filled in here."""

    company: str
    contact: str = ""
    title: str = ""
    mobile: str = ""
    budget_fen: int | None = None
    source: str = "chat"


Rule = Callable[[LeadView], LeadView]
MOST_FEN = 10**15  # ten trillion yuan; more is a slip of the finger, and no table holds it
TOUCH = "touch"  # the kind of event that is a contact with the customer

_KEPT = (
    *("status", "version", "next_step", "next_step_at", "snoozed_until", "last_touch_at"),
    *("reason", "owner_id", "team"),
)


async def create(tenant: str, new: NewLead, *, owner: Person, now: datetime) -> LeadView:
    """Add a lead in its owner's hands, inside the caller's transaction."""
    row = await LeadRow.create(
        tenant=tenant,
        company=new.company[:100],
        contact=new.contact[:50],
        title=new.title[:50],
        mobile=new.mobile,
        budget_fen=new.budget_fen if (new.budget_fen or 0) <= MOST_FEN else None,
        region=owner.team,
        team=owner.team,
        source=new.source,
        owner_id=owner.id,
        created_at=now,
        deed_by=owner.name,
        deed_did="已登记",
        deed_at=now,
    )
    await audit.note(
        tenant, actor=owner.id, action="lead.create", subject=f"lead:{row.id}", now=now
    )
    return _view(row, owner.name, Heat.GREEN)


async def same(tenant: str, *, company: str, mobile: str) -> LeadView | None:
    """The open lead that this would be a duplicate of: same number, else same company.

    Until the caller's transaction ends nobody else learns whether theirs is one, so of two people
    who capture the same at the same moment the later one finds the other's.
    """
    await queue_up(*(f"lead:{tenant}:{mark}" for mark in (mobile, company) if mark))
    wanted = Q(mobile=mobile) if mobile else Q(company=company)
    if mobile and company:
        wanted = Q(mobile=mobile) | Q(company=company, mobile="")
    row = await LeadRow.filter(wanted, tenant=tenant, status=Status.OPEN).order_by("id").first()
    return await _full(row) if row else None


async def by_id(tenant: str, id: int) -> LeadView | None:
    row = await LeadRow.get_or_none(tenant=tenant, id=id)
    return await _full(row) if row else None


async def names(tenant: str, who: Person) -> list[tuple[int, str]]:
    """(id, company) of the open leads this person may see, newest first."""
    rows = _visible(tenant, who).filter(status=Status.OPEN).order_by("-id").limit(2000)
    return [(row.id, row.company) for row in await rows.only("id", "company")]


async def named(tenant: str, company: str) -> list[LeadView]:
    """All open leads of that company, whoever has them."""
    rows = await LeadRow.filter(tenant=tenant, company=company, status=Status.OPEN).order_by("id")
    return [await _full(row) for row in rows]


async def of_owner(tenant: str, owner_id: int) -> list[LeadView]:
    """A person's open leads, the longest untouched first."""
    rows = await LeadRow.filter(tenant=tenant, owner_id=owner_id, status=Status.OPEN).order_by("id")
    return await _many(rows)


async def of_team(tenant: str, who: Person) -> list[LeadView]:
    """The open leads this person may see."""
    return await _many(await _visible(tenant, who).filter(status=Status.OPEN).order_by("id"))


async def change(
    tenant: str,
    id: int,
    rule: Rule,
    *,
    by: Person,
    action: str,
    key: str,
    now: datetime,
    words: str = "",
    channel: str = "",
) -> LeadView | None:
    """Let the rule decide on the lead under a row lock; keep, record and audit what it says.

    `words` are what the history shows, else the rule's own. None if there is no such lead;
    whatever the rule raises changes nothing.
    """
    row = await LeadRow.filter(tenant=tenant, id=id).select_for_update().first()
    if row is None:
        return None
    before = await _full(row)
    after = rule(before)
    for name in _KEPT:
        setattr(row, name, getattr(after, name))
    row.reason, row.next_step = after.reason[:200], after.next_step[:200]
    if after.last_deed:
        row.deed_by, row.deed_did = after.last_deed.by, after.last_deed.did[:250]
        row.deed_at = after.last_deed.at
    await row.save()
    await record(
        tenant,
        id,
        kind=action,
        words=words or str(after.last_deed or ""),
        key=key,
        actor=by.name,
        at=now,
        channel=channel,
    )
    await audit.note(
        tenant,
        actor=by.id or "system",
        action=f"lead.{action}",
        subject=f"lead:{id}",
        now=now,
        detail={"version": after.version, "owner": after.owner_id, "status": after.status},
    )
    return after


async def record(
    tenant: str,
    lead_id: int,
    *,
    kind: str,
    words: str,
    key: str,
    at: datetime,
    actor: str = "",
    channel: str = "",
) -> bool:
    """Add a line to the history; False if its key is already there.

    Numbers are masked: the history is shown on cards, the lead itself keeps the number.
    """
    _, is_new = await LeadEvent.get_or_create(
        tenant=tenant,
        key=key,
        defaults={
            "lead_id": lead_id,
            "kind": kind,
            "channel": channel,
            "words": _masked(words)[:400],
            "actor": actor,
            "at": at,
        },
    )
    return is_new


async def history(lead_id: int, limit: int = 6) -> list[tuple[datetime, str]]:
    """(when, what) of what happened, newest first."""
    rows = await LeadEvent.filter(lead_id=lead_id).order_by("-at", "-id").limit(limit)
    return [(row.at, row.words) for row in rows]


async def last_kind(lead_id: int) -> str:
    """The kind of the latest change that a person made."""
    row = await LeadEvent.filter(~Q(actor=""), lead_id=lead_id).order_by("-at", "-id").first()
    return row.kind if row else ""


async def touches(lead_id: int, limit: int = 50) -> list[Touch]:
    """Contacts with the customer, newest first."""
    rows = LeadEvent.filter(lead_id=lead_id, kind=TOUCH).order_by("-at", "-id").limit(limit)
    return [Touch(row.at, row.channel, row.words) for row in await rows]


async def find(tenant: str, who: Person, text: str) -> tuple[LeadView, str]:
    """The lead that `text` begins with, by number or company name, and the rest of the text.

    Raises NotFoundError with what to do; a lead that the person may not see is not found, except
    that a company whose lead a colleague has is named with that colleague.
    """
    word, _, rest = text.strip().partition(" ")
    digits = word.lstrip("#")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        row = await _visible(tenant, who).filter(id=int(digits)).first()
        if row:
            return await _full(row), rest.strip()
        raise NotFoundError("线索", digits, "发送「我的线索」看您名下的线索号。")
    known = await names(tenant, who)
    subject = split_subject(text, [name for _, name in known])
    if subject:
        number = next(number for number, name in known if name == subject.name)
        return await _full(await LeadRow.get(id=number)), subject.rest
    for other in await named(tenant, word):
        raise NotFoundError("您名下的", word, f"这条线索由 {other.owner_name} 负责。")
    raise NotFoundError("线索", word, f"发送「新线索 {word} 联系人 电话」登记，或核对公司名。")


def _masked(words: str) -> str:
    for phone in reversed(mobiles(words)):
        words = words[: phone.start] + masked(phone.number) + words[phone.end :]
    return words


def _visible(tenant: str, who: Person):  # type: ignore[no-untyped-def]  # tortoise's QuerySet
    """Reps see their own leads, managers their team's, directors and admins all."""
    rows = LeadRow.filter(tenant=tenant)
    if who.is_any((Role.DIRECTOR, Role.ADMIN)):
        return rows
    if who.is_any((Role.MANAGER,)):
        return rows.filter(Q(team=who.team) | Q(owner_id=who.id))
    return rows.filter(owner_id=who.id)


async def _full(row: LeadRow) -> LeadView:
    return (await _many([row]))[0]


async def _many(rows: Iterable[LeadRow]) -> list[LeadView]:
    """Views with owners' names and heat, two queries however many there are."""
    rows = list(rows)
    owners = {
        item.id: item.name
        for item in await PersonRecord.filter(
            id__in={row.owner_id for row in rows if row.owner_id}
        ).only("id", "name")
    }
    heats = {
        item.lead_id: Heat(item.heat)
        for item in await MomentumRow.filter(lead_id__in=[row.id for row in rows]).only(
            "id", "lead_id", "heat"
        )
    }
    return [
        _view(row, owners.get(row.owner_id or 0, ""), heats.get(row.id, Heat.GREEN)) for row in rows
    ]


def _view(row: LeadRow, owner: str, heat: Heat) -> LeadView:
    return LeadView(
        id=row.id,
        company=row.company,
        contact=row.contact,
        title=row.title,
        mobile=row.mobile,
        budget_fen=row.budget_fen,
        region=row.region,
        team=row.team,
        source=row.source,
        owner_id=row.owner_id,
        owner_name=owner,
        status=Status(row.status),
        heat=heat,
        version=row.version,
        next_step=row.next_step,
        next_step_at=row.next_step_at,
        snoozed_until=row.snoozed_until,
        last_touch_at=row.last_touch_at,
        created_at=row.created_at,
        reason=row.reason,
        last_deed=Deed(row.deed_by, row.deed_did, row.deed_at) if row.deed_at else None,
    )
