"""One-time codes that join an account on another platform, kept as digests."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from crm.person.binding import AGAIN, check_code, check_join, digest
from crm.person.role import Person
from crm.refusal import RefusedError
from models import audit
from models.moment import MomentField
from models.person.contact import ContactRow
from models.person.record import PersonRecord, by_id
from models.person.saving import attach


class BindCode(Model):
    """A code that somebody got in one place, to be typed in another. One at most a person."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    digest = fields.CharField(max_length=64, unique=True)
    person_id = fields.IntField(db_index=True)
    platform = fields.CharField(max_length=16)
    user = fields.CharField(max_length=128)
    expires_at = MomentField()
    used_at = MomentField(null=True)

    class Meta:
        table = "bind_code"


async def give_code(
    who: Person, platform: str, code: str, *, now: datetime, expires_at: datetime
) -> None:
    """Keep a new code; the person's earlier one is void from here on."""
    await BindCode.filter(tenant=who.tenant, person_id=who.id).delete()
    await BindCode.create(
        tenant=who.tenant,
        digest=digest(code),
        person_id=who.id,
        platform=platform,
        user=who.accounts.get(platform, ""),
        expires_at=expires_at,
    )
    subject = f"person:{who.id}"
    await audit.note(who.tenant, actor=who.id, action="person.code", subject=subject, now=now)


async def use_code(
    tenant: str, code: str, *, platform: str, user: str, now: datetime
) -> tuple[Person, BindCode]:
    """Join the account to the person whose code it is, in the caller's transaction.

    Returns the person with the new account, and the code, which knows where it was given out.
    Raises RefusedError: no such code, used, expired, its owner has left, or has an account there.
    """
    row = await BindCode.filter(tenant=tenant, digest=digest(code)).select_for_update().first()
    who = await by_id(tenant, row.person_id) if row else None
    if row is None or who is None:
        raise RefusedError(f"绑定码不对，请核对后再试。{AGAIN}")
    check_code(expires_at=row.expires_at, used_at=row.used_at, now=now)
    check_join(who, platform, user)
    row.used_at = now
    await row.save(update_fields=["used_at"])
    await attach(await PersonRecord.get(id=who.id), platform, user)
    mine = ContactRow.filter(tenant=tenant, platform=platform, user=user)
    await mine.update(person_id=who.id)
    await audit.note(
        tenant,
        actor=who.id,
        action="person.bind",
        subject=f"person:{who.id}",
        now=now,
        detail={"platform": platform, "from": row.platform},
    )
    return await by_id(tenant, who.id) or who, row
