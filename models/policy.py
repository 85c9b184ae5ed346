"""Versions of what admins edit: append-only, one number for all of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from config.policies import Policies, PolicyError, build
from crm.refusal import RefusedError
from models.moment import MomentField

log = logging.getLogger(__name__)


class PolicyVersion(Model):
    """All stored values after one change. Values that were never edited are not in here."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    version = fields.IntField()
    stored = fields.TextField()
    author = fields.CharField(max_length=64)
    reason = fields.CharField(max_length=400, default="")
    changed = fields.CharField(max_length=400, default="")
    at = MomentField()

    class Meta:
        table = "policy_version"
        unique_together = (("tenant", "version"),)


@dataclass(frozen=True, slots=True)
class Version:
    """One version as the console lists it."""

    version: int
    stored: Mapping[str, Mapping[str, Any]]
    author: str
    reason: str
    changed: str
    at: datetime


async def newest(tenant: str) -> Version | None:
    """The version in force; None while nothing was ever changed (the defaults, version 0)."""
    row = await PolicyVersion.filter(tenant=tenant).order_by("-version").first()
    return _version(row) if row else None


async def newest_number(tenant: str) -> int:
    """What every process asks for every few seconds."""
    row = await PolicyVersion.filter(tenant=tenant).order_by("-version").only("version").first()
    return row.version if row else 0


async def history(tenant: str, limit: int = 50) -> list[Version]:
    rows = await PolicyVersion.filter(tenant=tenant).order_by("-version").limit(limit)
    return [_version(row) for row in rows]


async def numbered(tenant: str, version: int) -> Version | None:
    row = await PolicyVersion.get_or_none(tenant=tenant, version=version)
    return _version(row) if row else None


async def append(
    tenant: str,
    stored: Mapping[str, Mapping[str, Any]],
    *,
    after: int,
    author: str,
    reason: str,
    changed: str,
    now: datetime,
) -> int:
    """Add a version after `after`, the one its author saw.

    Raises RefusedError if somebody else was faster, so that no change is overwritten unseen.
    """
    try:
        row = await PolicyVersion.create(
            tenant=tenant,
            version=after + 1,
            stored=json.dumps(stored, ensure_ascii=False),
            author=author,
            reason=reason,
            changed=changed[:400],
            at=now,
        )
    except IntegrityError as fault:
        raise RefusedError("刚才有人改过配置，请刷新页面看过新值后再保存。") from fault
    return row.version


def _version(row: PolicyVersion) -> Version:
    return Version(row.version, json.loads(row.stored), row.author, row.reason, row.changed, row.at)


class Book:
    """The policies in force, as this process knows them; a bad version leaves the last good one."""

    def __init__(self) -> None:
        self._current: dict[str, Policies] = {}
        self._refused: dict[str, int] = {}

    def current(self, tenant: str) -> Policies:
        return self._current.get(tenant, _SHIPPED)

    async def refresh(self, tenant: str) -> bool:
        """Look for a newer version; True if there was one and it is in force now.

        A version that cannot be used is passed over for the newest that can: an old one is better
        than the values we ship.
        """
        number = await newest_number(tenant)
        if number in (self.current(tenant).version, self._refused.get(tenant)):
            return False
        for version in await history(tenant):
            if version.version == self.current(tenant).version:
                return False
            try:
                self._current[tenant] = build(version.version, version.stored)
            except PolicyError as fault:
                self._refused[tenant] = number
                facts = {"version": version.version, "fault": str(fault)}
                log.error("policy version refused", extra=facts)
                continue
            log.info("policy version in force", extra={"version": version.version})
            return True
        return False


_SHIPPED = Policies()
