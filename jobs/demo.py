"""The demo company: people, stores and leads with a past, so that there is something to see."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from bot.emulator.desk import Resident
from config.settings import Settings
from crm.language import followup
from crm.momentum import TimeClass
from crm.person import ROLE_WORDS, Person, PersonRow, Role, read_row
from crm.signal import SIGNALS, found
from jobs.inbox import House
from models import lead as leads
from models import momentum, person, policy
from models import roster as rosters
from models.db import transaction

FOLDER = Path(__file__).parent.parent / "config" / "demo"
LEADS = 60
_PHONES = (
    ("wecom", (Role.REP,)),
    ("feishu", (Role.MANAGER, Role.DIRECTOR)),
    ("dingtalk", (Role.STORE_MANAGER,)),
)


class DemoClock:
    """Real time plus what was skipped; the skipped time survives a restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._skipped = timedelta()
        if path.is_file():
            self._skipped = timedelta(seconds=float(path.read_text()))

    def now(self) -> datetime:
        return datetime.now(UTC) + self._skipped

    def advance(self, by: timedelta) -> None:
        self._skipped += by
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(str(self._skipped.total_seconds()))


def apart(settings: Settings) -> Settings:
    """The demo's own settings: whatever is configured, real data is neither read nor touched."""
    return replace(settings, database_url="", redis_url="", data_dir=settings.data_dir / "demo")


def people() -> list[PersonRow]:
    """The demo company's people file; a fault in it is our own."""
    text = (FOLDER / "people.csv").read_text(encoding="utf-8")
    rows = [
        read_row(line, cells) for line, cells in enumerate(csv.DictReader(io.StringIO(text)), 2)
    ]
    wrong = [row for row in rows if isinstance(row, str)]
    if wrong:
        raise ValueError("; ".join(wrong))
    return [row for row in rows if isinstance(row, PersonRow)]


def residents() -> list[Resident]:
    """Everyone's accounts as the emulated platforms know them, each phone's own people first."""
    found_ = []
    for platform, own in _PHONES:
        rows = [row for row in people() if platform in row.accounts]
        rows.sort(key=lambda row: not (row.roles & set(own)))
        found_ += [
            Resident(platform, row.accounts[platform], row.name, _title(row)) for row in rows
        ]
    return found_


async def seed(house: House, tenant: str) -> bool:
    """Load the company once; False if somebody is there already."""
    if await person.everyone(tenant):
        return False
    facts: dict[str, Any] = yaml.safe_load((FOLDER / "company.yaml").read_text(encoding="utf-8"))
    await _keep_quiet(tenant, house.now())
    await person.save(tenant, people())
    for name, about in facts["stores"].items():
        await rosters.save_store(tenant, name, about)
    everyone = await person.everyone(tenant)
    plots = zip(range(LEADS), itertools.cycle(facts["stories"]), strict=False)
    for number, story in plots:
        region = list(facts["companies"])[number % 3]
        reps = [who for who in everyone if Role.REP in who.roles and who.team == region]
        contact = facts["contacts"][number % len(facts["contacts"])]
        new = leads.NewLead(
            company=facts["companies"][region][number // 3],
            contact=contact[:1],
            title=contact[1:],
            mobile=f"1370000{number + 1000:04d}",
            source="demo",
        )
        async with transaction():
            owner = reps[(number // 3) % len(reps)]
            await _play(house, tenant, new, owner, story, hours=number % 7)
    return True


async def _keep_quiet(tenant: str, now: datetime) -> None:
    """No daily sync: with a clock that jumps, its calls would crowd out what is to be seen."""
    await policy.append(
        tenant,
        {"person": {"sync_daily": False}},
        after=0,
        author="演示",
        reason="演示里的报文只留对话",
        changed="人员：每天同步通讯录 是 → 否",
        now=now,
    )


async def _play(
    house: House,
    tenant: str,
    new: leads.NewLead,
    owner: Person,
    story: dict[str, Any],
    *,
    hours: int,
) -> None:
    """One lead's past, written as if it had happened; nobody is told about what is long past."""
    policies, now = house.policies(tenant), house.now()
    begin = now - timedelta(hours=story["begin"] + hours)
    lead = await leads.create(tenant, new, owner=owner, now=begin)
    await momentum.begin(tenant, lead.id, policies.momentum, now=begin)
    said: list[tuple[datetime, str, str]] = [(begin, "capture", story["capture"])]
    said += [(now - timedelta(hours=item["at"]), "touch", item["say"]) for item in story["touches"]]
    for number, (at, kind, words) in enumerate(said):
        key = f"demo:{lead.id}:{number}"
        told = followup(words, at.astimezone(house.zone))
        await leads.record(
            tenant,
            lead.id,
            kind=kind,
            channel=told.channel,
            words=words,
            key=key,
            at=at,
            actor=owner.name,
        )
        points = policies.momentum.touch_points
        time_class = TimeClass.MEDIUM
        if kind == "capture":
            points, time_class = policies.momentum.capture_points, TimeClass.FAST
        signals = [momentum.Signal(f"{key}:{kind}", kind, "", points, time_class, at)]
        signals += _heard(key, words, policies.signal.points, at)
        await momentum.add(
            tenant, lead.id, signals, policies.momentum, version=policies.version, now=at
        )
    await _catch_up(house, tenant, lead.id)
    last = said[-1] if len(said) > 1 else None
    if last:
        told = followup(last[2], last[0].astimezone(house.zone))
        await leads.LeadRow.filter(id=lead.id).update(
            last_touch_at=last[0], next_step=told.next_step, next_step_at=told.next_step_at
        )


def _heard(key: str, words: str, points: Any, at: datetime) -> Iterable[momentum.Signal]:
    for hit in found(words):
        yield momentum.Signal(
            f"{key}:{hit.signal}",
            hit.signal,
            hit.words,
            points(hit.signal),
            SIGNALS[hit.signal].kind,
            at,
        )


async def _catch_up(house: House, tenant: str, lead_id: int) -> None:
    """Carry out the crossings of the past in silence."""
    policies, now = house.policies(tenant), house.now()
    while change := await momentum.cross(
        lead_id, policies.momentum, version=policies.version, now=now
    ):
        key = f"heat:{lead_id}:{change.heat.value}:{change.at.timestamp():.0f}"
        await leads.record(
            tenant, lead_id, kind="heat", words=f"转为{change.heat.label}", key=key, at=change.at
        )


def _title(row: PersonRow) -> str:
    words = "、".join(ROLE_WORDS[role] for role in Role if role in row.roles)
    return " · ".join(part for part in (words, row.store or row.team) if part)
