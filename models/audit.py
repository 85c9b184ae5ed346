"""Who did what, when, to what: append-only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from config.log import trace
from models.moment import MomentField


class AuditRow(Model):
    """One action. The actor is a person or "system", the subject is like "lead:17"."""

    id = fields.BigIntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    at = MomentField()
    actor = fields.CharField(max_length=64)
    action = fields.CharField(max_length=64)
    subject = fields.CharField(max_length=100)
    detail = fields.TextField(default="{}")
    trace = fields.CharField(max_length=32, default="")

    class Meta:
        table = "audit"
        indexes = (("tenant", "subject"), ("tenant", "at"))


async def note(
    tenant: str,
    *,
    actor: int | str,
    action: str,
    subject: str,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write the row inside the caller's transaction, so that it stands or falls with the act."""
    await AuditRow.create(
        tenant=tenant,
        at=now,
        actor=str(actor),
        action=action,
        subject=subject,
        detail=json.dumps(dict(detail or {}), ensure_ascii=False, default=str),
        trace=trace.get(),
    )


async def trail(tenant: str, subject: str, limit: int = 50) -> list[AuditRow]:
    """What happened to a subject, newest first."""
    return await AuditRow.filter(tenant=tenant, subject=subject).order_by("-id").limit(limit)
