"""Leaving and changing places: the person, their leads, sessions and unsent messages at once."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import datetime

from cards.card import from_json, to_json
from crm.lead import Handover, LeadView, Move, handed_over, moved_along
from crm.person import SYSTEM, Person, Role, heir
from models import audit
from models import lead as leads
from models.console import Session, SignInCode
from models.outbox import DROPPED, UNSEEN, OutboxRow
from models.person.binding import BindCode
from models.person.contact import ContactRow
from models.person.record import Account, PersonRecord, by_account, everyone, manager_of, with_role

log = logging.getLogger(__name__)


async def leave(
    who: Person, *, now: datetime, by: Person = SYSTEM, why: str = ""
) -> Handover | None:
    """The person leaves: open leads to the heir, sessions end, unsent messages change hands.

    Runs in the caller's transaction; None if somebody else has done it already.
    """
    rows = PersonRecord.filter(tenant=who.tenant, id=who.id, left_at=None)
    record = await rows.select_for_update().first()
    if record is None:
        return None
    to = heir(who, await everyone(who.tenant))
    record.left_at = now
    await record.save(update_fields=["left_at"])
    key = f"left:{who.id}:{now.timestamp():.0f}"
    came = await _hand_over(who, to, key=key, by=by, now=now)
    await _sign_out(who)
    redirected, dropped = await _redirect(who, to)
    await ContactRow.filter(tenant=who.tenant, person_id=who.id).update(is_present=False)
    detail = {"heir": to.id if to else 0, "leads": len(came), "why": why}
    await _note(who, by, "person.leave", now, detail | {"messages": redirected})
    return Handover(who, to, came, await _store_heads(who), redirected, dropped, key)


async def gone_from(
    tenant: str, platform: str, user: str, *, now: datetime, why: str
) -> Handover | Person | None:
    """A platform's member is gone: the person has left, unless another platform still has them.

    Then only the account is closed, and the person is returned. None if it was nobody's.
    """
    member = ContactRow.filter(tenant=tenant, platform=platform, user=user)
    await member.update(is_present=False, is_active=False)
    who = await by_account(tenant, platform, user)
    if who is None:
        return None
    others = ContactRow.filter(tenant=tenant, person_id=who.id, is_present=True)
    if not await others.exclude(platform=platform).exists():
        return await leave(who, now=now, why=why)
    await Account.filter(tenant=tenant, platform=platform, user=user).delete()
    await _note(who, SYSTEM, "person.close_account", now, {"platform": platform, "why": why})
    return who


async def follow(who: Person, *, team: str, store: str, manager: str, now: datetime) -> Move:
    """The person is in a new place already; the leads follow, and both sides are found to tell.

    `team`, `store` and `manager` are as they were before.
    """
    before = replace(who, team=team, store=store, manager=manager)
    came: list[LeadView] = []
    if who.team != before.team:
        for lead in await leads.of_owner(who.tenant, who.id):
            if lead.team == who.team:
                continue
            moved = await leads.change(
                who.tenant,
                lead.id,
                lambda seen: moved_along(seen, owner=who, now=now),
                by=SYSTEM,
                action="moved_along",
                key=f"moved:{who.id}:{now.timestamp():.6f}:{lead.id}",
                now=now,
            )
            came += [moved] if moved else []
    old, new = await _heads(before), await _heads(who)
    await _note(who, SYSTEM, "person.move", now, {"from": team or store, "leads": len(came)})
    return Move(who, before, tuple(came), old, new)


async def _hand_over(
    who: Person, to: Person | None, *, key: str, by: Person, now: datetime
) -> tuple[LeadView, ...]:
    open_leads = await leads.of_owner(who.tenant, who.id)
    if to is None:
        if open_leads:
            log.error("nobody to take over", extra={"person": who.id, "leads": len(open_leads)})
        return ()
    heir_ = to
    came: list[LeadView] = []
    for lead in open_leads:
        after = await leads.change(
            who.tenant,
            lead.id,
            lambda seen: handed_over(seen, gone=who, to=heir_, now=now),
            by=by,
            action="handed_over",
            key=f"{key}:{lead.id}",
            now=now,
        )
        came += [after] if after else []
    return tuple(came)


async def _sign_out(who: Person) -> None:
    for table in (Session, SignInCode, BindCode):
        await table.filter(tenant=who.tenant, person_id=who.id).delete()


async def _redirect(who: Person, to: Person | None) -> tuple[int, int]:
    """Unsent messages go to the heir's account on the same platform; the rest goes to nobody.

    Answers to what the person said are nobody else's business.
    """
    redirected = dropped = 0
    for platform, user in who.accounts.items():
        rows = OutboxRow.filter(
            tenant=who.tenant, platform=platform, user=user, chat="", state__in=UNSEEN
        ).filter(copy_id=None, leased_until=None)
        there = to.accounts.get(platform, "") if to else ""
        for row in await rows.order_by("id").select_for_update():
            if there and not row.direct:
                await _readdress(row, there, who)
                redirected += 1
            else:
                row.state, row.code, row.reason = DROPPED, "left", "收件人已离职"
                await row.save(update_fields=["state", "code", "reason"])
                dropped += 1
    return redirected, dropped


async def _readdress(row: OutboxRow, user: str, gone: Person) -> None:
    card = from_json(json.loads(row.card))
    card = replace(card, title=f"〔原发给 {gone.name}〕{card.title}")
    row.card = json.dumps(to_json(card), ensure_ascii=False)
    row.user, row.lane = user, f"{row.platform}:{row.app}:{user}"[:200]
    await row.save(update_fields=["card", "user", "lane"])


async def _heads(who: Person) -> tuple[Person, ...]:
    """Who answers for a person in that place: the manager, and in a store its store manager."""
    manager = await manager_of(who)
    found = ([manager] if manager else []) + list(await _store_heads(who))
    return tuple({head.id: head for head in found}.values())


async def _store_heads(who: Person) -> tuple[Person, ...]:
    if not who.store:
        return ()
    heads = await with_role(who.tenant, Role.STORE_MANAGER, store=who.store)
    return tuple(head for head in heads if head.id != who.id)


async def _note(
    who: Person, by: Person, action: str, now: datetime, detail: dict[str, object]
) -> None:
    await audit.note(
        who.tenant,
        actor=by.id or "system",
        action=action,
        subject=f"person:{who.id}",
        now=now,
        detail=detail,
    )


async def came_over(tenant: str, gone: int, to: Person) -> list[LeadView]:
    """The open leads that somebody's departure brought, as far as they are still with the heir."""
    events = leads.LeadEvent.filter(
        tenant=tenant, kind="handed_over", key__startswith=f"left:{gone}:"
    )
    came = {event.lead_id for event in await events.only("id", "lead_id")}
    return [lead for lead in await leads.of_owner(tenant, to.id) if lead.id in came]


async def sellers(tenant: str, to: Person) -> list[tuple[int, str]]:
    """(id, name) of those who may take leads over from the heir, the heir's team first."""
    everybody = [who for who in await everyone(tenant) if who.is_any((Role.REP, Role.MANAGER))]
    everybody.sort(key=lambda who: (who.team != to.team, who.id))
    return [(who.id, who.name) for who in everybody if who.id != to.id]
