"""A walk through a platform's contacts: page by page, going on where a fault has stopped it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.adapter import Adapter, DeliveryError, Member, Page, TransientError, UndeliverableError
from crm.person import Listed
from models.person import contact
from models.person.contact import Walk

TURN = 20  # pages in one task; the next turn is a task of its own
MOST_PAGES = 5000  # a directory that never ends is a fault


@dataclass(frozen=True, slots=True)
class Walked:
    """How far it went; `fault` says in Chinese why it cannot go on."""

    walk: Walk
    fault: str = ""


async def walked(
    adapter: Adapter, tenant: str, *, now: datetime, is_last_try: bool, turn: int = TURN
) -> Walked:
    """Read up to `turn` pages, each kept at once.

    Raises TransientError for what may be better later, unless this is the last try.
    """
    walk = await contact.begin(tenant, adapter.name, now=now)
    for _ in range(turn):
        if walk.is_whole:
            break
        try:
            page = await adapter.directory(walk.cursor)
        except TransientError as fault:
            if not is_last_try:
                raise
            return await _given_up(walk, fault.reason)
        except UndeliverableError as fault:
            return await _given_up(walk, f"{fault.reason}。{fault.advice}")
        except DeliveryError as fault:
            return await _given_up(walk, fault.reason)
        walk = await _kept(walk, tenant, page, now)
        if walk.pages > MOST_PAGES:
            return await _given_up(walk, f"读了 {MOST_PAGES} 页还没有读完，平台的翻页可能有误")
    return Walked(walk)


async def _kept(walk: Walk, tenant: str, page: Page, now: datetime) -> Walk:
    return await contact.keep(
        walk,
        tenant,
        [_listed(member) for member in page.members if member.user],
        [(item.id, item.name, item.parent) for item in page.departments if item.id],
        cursor=page.cursor,
        now=now,
    )


async def _given_up(walk: Walk, why: str) -> Walked:
    await contact.give_up(walk, why)
    return Walked(walk, why)


def _listed(member: Member) -> Listed:
    return Listed(0, member.user, member.name, member.mobile, member.departments, member.is_active)
