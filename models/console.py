"""Console sign-in: one-time codes and sessions, kept as digests."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from crm.console import WRONG_CODE, Visitor, check_code, check_entry, digest
from crm.person import Person
from crm.refusal import NotAllowedError, RefusedError
from models import person
from models.moment import MomentField


class SignInCode(Model):
    """A one-time code that somebody got in chat, everybody has one at most."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    digest = fields.CharField(max_length=64, unique=True)
    person_id = fields.IntField(db_index=True)
    expires_at = MomentField()
    used_at = MomentField(null=True)

    class Meta:
        table = "sign_in_code"


class Session(Model):
    """A signed-in browser."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    digest = fields.CharField(max_length=64, unique=True)
    person_id = fields.IntField()
    csrf = fields.CharField(max_length=64)
    expires_at = MomentField(db_index=True)

    class Meta:
        table = "session"


async def give_code(tenant: str, person_id: int, code: str, *, expires_at: datetime) -> None:
    """Keep a new code; the person's earlier one is void from here on."""
    await SignInCode.filter(tenant=tenant, person_id=person_id).delete()
    await SignInCode.create(
        tenant=tenant, digest=digest(code), person_id=person_id, expires_at=expires_at
    )


async def use_code(code: str, *, now: datetime) -> Person:
    """The admin whose good code this is; used up with the caller's transaction.

    Raises RefusedError: no such code, used, expired, or no longer an admin.
    """
    row = await SignInCode.filter(digest=digest(code)).select_for_update().first()
    if row is None:
        raise RefusedError(WRONG_CODE)
    check_code(expires_at=row.expires_at, used_at=row.used_at, now=now)
    row.used_at = now
    await row.save(update_fields=["used_at"])
    return check_entry(await person.by_id(row.tenant, row.person_id))


async def open_session(
    who: Person, secret: str, csrf: str, *, now: datetime, expires_at: datetime
) -> None:
    """Start a session, and clear away the ones that have ended."""
    await Session.filter(expires_at__lte=now).delete()
    await Session.create(
        tenant=who.tenant,
        digest=digest(secret),
        person_id=who.id,
        csrf=csrf,
        expires_at=expires_at,
    )


async def visitor(secret: str, *, now: datetime) -> Visitor | None:
    """Who this cookie's live session belongs to, if still an admin."""
    row = (
        await Session.filter(digest=digest(secret), expires_at__gt=now).first() if secret else None
    )
    if row is None:
        return None
    try:
        return Visitor(check_entry(await person.by_id(row.tenant, row.person_id)), row.csrf)
    except NotAllowedError:
        return None


async def end_session(secret: str) -> None:
    await Session.filter(digest=digest(secret)).delete()
