"""What a whole walk through a platform's contacts means for the people on record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from crm.lead import Handover
from crm.person import (
    Known,
    Listed,
    Parting,
    Person,
    PersonPolicy,
    SyncReport,
    matches,
    parting,
    team_by_department,
)
from models import audit
from models.person import contact
from models.person.contact import ContactRow, Walk
from models.person.moving import gone_from
from models.person.record import Account, PersonRecord, on_record
from models.person.saving import ask_move, attach


@dataclass
class Settled:
    """A report, and the departures that it caused."""

    report: SyncReport
    handovers: list[Handover] = field(default_factory=list)


async def settle(
    tenant: str, walk: Walk, policy: PersonPolicy, *, now: datetime, is_sure: bool = False
) -> Settled | None:
    """Match the members of a whole walk with people, and let those go who are no longer there.

    Runs in the caller's transaction; None if the walk was settled already. Too many missing at
    once are only put before an admin, unless `is_sure`: an admin has said beforehand that it is so.
    """
    rows = await ContactRow.filter(tenant=tenant, platform=walk.platform).order_by("id")
    seen = [row for row in rows if row.run_id == walk.id]
    here = [row for row in seen if row.is_active]
    verdict = _verdict(rows, here, policy)
    is_empty, is_held = not seen, bool(verdict.why) and not is_sure
    fault = "平台没有返回任何成员，没有改动任何人" if is_empty else ""
    state = contact.FAILED if is_empty else contact.HELD if is_held else contact.DONE
    why, asked = fault or verdict.why, verdict.gone if is_held and not is_empty else ()
    if not await contact.close(walk.id, state, why=why, missing=asked):
        return None
    if is_empty:
        return Settled(SyncReport(walk.platform, fault=fault))
    await ContactRow.filter(id__in=[row.id for row in here]).update(is_present=True)
    joined = await join(tenant, walk.platform, here, now=now)
    moved = await _follow(tenant, walk.platform, here, now) if policy.follow_departments else []
    gone = [] if is_held else [row for row in rows if row.id in verdict.gone]
    handovers, closed = await let_go(tenant, gone, now=now, why="通讯录同步")
    report = SyncReport(
        walk.platform,
        members=len(here),
        departments=await contact.count_departments(walk.id),
        joined=tuple(joined),
        left=tuple(item.gone.name for item in handovers),
        closed=tuple(who.name for who in closed),
        moved=tuple(moved),
        unmatched=tuple(row.listed() for row in here if row.person_id is None),
        absent=tuple(await _absent(tenant, walk.platform, here)),
        parting=verdict if is_held else Parting(),
    )
    return Settled(report, handovers)


async def join(
    tenant: str, platform: str, rows: Sequence[ContactRow], *, now: datetime
) -> list[str]:
    """Give members to the people they are; returns the names of those who are new."""
    known = await on_record(tenant)
    owners = {who.accounts[platform]: who for who in known if platform in who.accounts}
    people = {who.id: who for who in known}
    matched: set[int] = set()
    again: dict[int, int] = {}  # who was away for a while is still who it was
    for row in rows:
        owner = owners.get(row.user)
        if owner and owner.is_present:
            matched.add(row.id)
            await _know(row, owner, known)
        elif row.person_id is not None:
            was = people[row.person_id]
            if was.is_present and platform not in was.accounts:
                again[row.id] = was.id
            await ContactRow.filter(id=row.id).update(person_id=None)
            row.person_id = None
    found = matches(platform, [row.listed() for row in rows], known, matched=matched)
    found |= {row: who for row, who in again.items() if who not in found.values()}
    names = []
    for row in rows:
        if row.id not in found:
            continue
        who = people[found[row.id]]
        await attach(await PersonRecord.get(id=who.id), platform, row.user)
        await _know(row, who, known)
        names.append(who.name)
        await audit.note(
            tenant,
            actor="system",
            action="person.join",
            subject=f"person:{who.id}",
            now=now,
            detail={"platform": platform},
        )
    return names


async def adopt(row: ContactRow, who: Person) -> None:
    """The member is that person, an admin says."""
    await attach(await PersonRecord.get(id=who.id), row.platform, row.user)
    row.person_id = who.id
    await row.save(update_fields=["person_id"])


async def let_go(
    tenant: str, rows: Iterable[ContactRow], *, now: datetime, why: str
) -> tuple[list[Handover], list[Person]]:
    """The members are gone: (who has left, whose account alone was closed)."""
    handovers: list[Handover] = []
    closed: list[Person] = []
    for row in rows:
        outcome = await gone_from(tenant, row.platform, row.user, now=now, why=why)
        if isinstance(outcome, Handover):
            handovers.append(outcome)
        elif outcome is not None:
            closed.append(outcome)
    return handovers, closed


def _verdict(
    rows: Sequence[ContactRow], here: Sequence[ContactRow], policy: PersonPolicy
) -> Parting:
    """Whoever was there and is not any more; the never activated were never there."""
    before = [row.listed() for row in rows if row.is_present]
    still = {row.id for row in here}
    missing = {item.id for item in before} - still
    return parting(before, missing, seen=len(here), percent=policy.leave_percent)


async def _know(row: ContactRow, who: Known, known: Sequence[Known]) -> None:
    """The member is that person; a number we did not have yet is learnt."""
    if row.person_id != who.id:
        row.person_id = who.id
        await ContactRow.filter(id=row.id).update(person_id=who.id)
    if row.mobile and not who.mobile and all(other.mobile != row.mobile for other in known):
        await PersonRecord.filter(id=who.id, mobile="").update(mobile=row.mobile)


async def _absent(tenant: str, platform: str, here: Sequence[ContactRow]) -> list[str]:
    """Whose account the contacts do not have: mistyped, or out of the app's sight."""
    users = {row.user for row in here}
    accounts = Account.filter(tenant=tenant, platform=platform, person__left_at=None)
    found = await accounts.order_by("id").values_list("user", "person__name")
    return [str(name) for user, name in found if user not in users]


async def follow_one(tenant: str, row: ContactRow, *, now: datetime) -> None:
    """One member's team after the departments, when an event tells of them."""
    await _follow(tenant, row.platform, [row], now)


async def _follow(
    tenant: str, platform: str, rows: Sequence[ContactRow], now: datetime
) -> list[str]:
    """Teams after departments of the same name; returns who has moved."""
    names = await contact.department_names(tenant, platform)
    known = {who.id: who for who in await on_record(tenant)}
    teams = {who.team for who in known.values() if who.is_present and who.team}
    moved = []
    for row in rows:
        who = known.get(row.person_id or 0)
        if who and await _follow_departments(tenant, who, row.listed(), names, teams, now=now):
            moved.append(who.name)
    return moved


async def _follow_departments(
    tenant: str,
    who: Known,
    member: Listed,
    names: dict[str, str],
    teams: set[str],
    *,
    now: datetime,
) -> bool:
    """Put the person into the team that the member's departments name; False if in it already."""
    team = team_by_department([names.get(one, "") for one in member.departments], teams)
    if not team or team == who.team or not who.is_present:
        return False
    if await PersonRecord.filter(tenant=tenant, name=who.name, team=team, store=who.store).exists():
        return False  # a namesake is there already: an admin must tell the two apart
    await PersonRecord.filter(id=who.id).update(team=team)
    await ask_move(tenant, who.id, who, now=now)
    return True
