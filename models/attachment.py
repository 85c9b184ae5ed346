"""Files kept for the cards that bring them."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from crm.attachment import check, key_of
from models.moment import MomentField


class AttachmentRow(Model):
    """The bytes of a file under the key that an Attachment of a card names."""

    key = fields.CharField(max_length=64, primary_key=True)
    tenant = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    content = fields.BinaryField()
    created_at = MomentField()

    class Meta:
        table = "attachment"
        indexes = (("tenant", "created_at"),)


async def keep(tenant: str, name: str, content: bytes, *, now: datetime) -> str:
    """Keep a file and return its key; the same file again has the same key.

    Raises RefusedError for a kind or size that no platform takes.
    """
    check(name, content)
    key = key_of(tenant, name, content)
    await AttachmentRow.get_or_create(
        key=key, defaults={"tenant": tenant, "name": name, "content": content, "created_at": now}
    )
    return key


async def load(key: str) -> bytes | None:
    """The bytes; None if there is no such file (any more)."""
    row = await AttachmentRow.get_or_none(key=key)
    return bytes(row.content) if row else None


async def sweep(tenant: str, *, before: datetime) -> int:
    """Forget files older than `before`; returns how many."""
    return int(await AttachmentRow.filter(tenant=tenant, created_at__lt=before).delete())
