"""Killed at any moment, the program loses nothing and repeats nothing."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import main
from bot.emulator.desk import Bubble
from bot.emulator.stage import Stage
from config.policies import Policies
from config.settings import Settings
from crm.momentum import Energy, Heat, MomentumPolicy, TimeClass, changes
from crm.person import Person
from jobs import demo
from models import db, momentum, person
from models import lead as leads
from models.inbox import InboxRow
from models.lead import LeadEvent, LeadRow
from models.outbox import OutboxRow
from tests.journeys.process import Process, free_port, is_alive, until
from tests.journeys.town import buttons, choices, settled_company, shown

pytestmark = pytest.mark.processes

SEED = int(os.environ.get("MOMENTUM_TEST_SEED", "20261001"))
KILLS = 8
MANAGER = "ou_57a0dec9ef930ef93a541d37e2456663"  # 陈静
REPS = {"李娜": "lina", "王强": "wangqiang", "赵敏": "zhaomin", "孙磊": "sunlei"}
DECISIONS = {"改派": "reassign", "我来接手": "take_over", "稍后提醒": "snooze", "放弃": "write_off"}


@dataclass(frozen=True)
class Case:
    """A lead that will cross to `to` while the program is killed again and again."""

    company: str
    owner: str
    to: Heat
    at: datetime


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[None]:
    async with db.opened(db.embedded_url(folder)):
        await db.migrate(db.embedded_url(folder))
        yield


async def prepare(folder: Path, begin: datetime) -> list[Case]:
    """People, and twelve leads whose crossings come due within a quarter of a minute."""
    cases = []
    async with embedded(folder):
        await settled_company()
        people = {name: (await person.by_name(main.TENANT, name))[0] for name in REPS}
        for number in range(12):
            owner = list(REPS)[number % 4]
            to = Heat.YELLOW if number % 2 else Heat.RED
            at = begin + timedelta(seconds=1.2 * number)
            case = Case(f"第{number}医院", owner, to, at)
            await aged(case, people[owner])
            cases.append(case)
    return cases


async def aged(case: Case, owner: Person) -> None:
    """A lead whose only signal is just so old that it crosses at the case's moment."""
    policy, version = Policies().momentum, 0
    age = life(policy)[case.to]
    born = case.at - age
    async with db.transaction():
        lead = await leads.create(main.TENANT, leads.NewLead(case.company), owner=owner, now=born)
        await momentum.begin(main.TENANT, lead.id, policy, now=born)
        only = momentum.Signal(f"s:{lead.id}", "capture", "", 80.0, TimeClass.FAST, born)
        await momentum.add(main.TENANT, lead.id, [only], policy, version=version, now=born)
        if case.to is Heat.RED:
            await momentum.cross(lead.id, policy, version=version, now=case.at - age / 1000)


def life(policy: MomentumPolicy) -> dict[Heat, timedelta]:
    """How long after its only signal a lead enters each heat."""
    born = datetime.fromisoformat("2026-03-02T00:00:00+00:00")
    energy = Energy.empty(born, policy.taus).add(80.0, TimeClass.FAST, born)
    coming = changes(Heat.GREEN, energy, born, born + timedelta(days=60), policy)
    return {change.heat: change.at - born for change in coming}


def noon() -> str:
    """A time zone where it is about noon, so that no quiet hours hold anything back."""
    ahead = 12 - main.real_now().hour
    return f"Etc/GMT{-ahead:+d}"


async def decide(stage: Stage, dice: random.Random, cards: int) -> dict[str, str]:
    """Be the manager: press on every card until it says that it is decided; title → label."""
    chosen: dict[str, str] = {}
    while True:
        phone = [one for one in stage.desk.bubbles.values() if one.user == MANAGER]
        decided = [one for one in phone if "已处理" in shown(one)]
        if len(decided) >= cards:
            return chosen
        for card in phone:
            if "改派" not in buttons(card):
                continue
            company = company_of(card)
            label = chosen.setdefault(company, list(DECISIONS)[len(chosen) % 4])
            form = {"rep": choices(card).get("王强") or choices(card)["李娜"], "reason": "项目取消"}
            await asyncio.sleep(dice.uniform(0, 0.2))
            with suppress(LookupError, ValueError, KeyError):
                await stage.sides["feishu"].press(card.user, card.id, buttons(card)[label], form)
        await asyncio.sleep(0.05)


async def report(stage: Stage, dice: random.Random, number: int) -> str:
    """Be a rep who types a lead at some moment.

    Returns the company, or "" if WeCom gave up: nothing answered in any of its tries.
    """
    company = f"第{number}药房"
    await asyncio.sleep(dice.uniform(0, 15))
    text = f"新线索 {company} 张经理 1370000{number:04d} 预算30万"
    await stage.sides["wecom"].say("lina", text)
    tries = [one for one in stage.desk.exchanges if text in str(one.request)]
    return company if any(one.status == 200 for one in tries) else ""


def company_of(card: Bubble) -> str:
    return str(card.body["header"]["title"]["content"]).split(" · ")[1]


async def test_killed_at_any_moment_everything_happens_once(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    port = free_port()
    async with Stage(main.real_now, port, demo.residents()).open() as stage:
        base = Settings(
            data_dir=tmp_path / "var", port=port, tenant_zone=noon(), log_level="WARNING"
        )
        process = Process(stage.settings(base), tmp_path)
        cases = await prepare(base.data_dir, main.real_now() + timedelta(seconds=4))
        await process.start()
        try:
            red = [case for case in cases if case.to is Heat.RED]
            manager = asyncio.create_task(decide(stage, dice, len(red)))
            reps = [asyncio.create_task(report(stage, dice, number)) for number in range(6)]
            for _ in range(KILLS):
                await process.ready()
                await asyncio.sleep(dice.uniform(0.05, 1.5))
                await process.kill()
                await process.start()
            async with asyncio.timeout(90):
                companies = await asyncio.gather(*reps)
                chosen = await manager
                await quiet(stage, process, cases)
        finally:
            code = await process.stop()
        assert code == 0
        assert left_behind(base.data_dir) == []
        async with embedded(base.data_dir):
            await check(stage, cases, companies, chosen)


def left_behind(folder: Path) -> list[str]:
    """Command lines of processes that still work in that folder."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            lines.append((process / "cmdline").read_text(errors="replace"))
    return [line for line in lines if str(folder) in line]


async def quiet(stage: Stage, process: Process, cases: list[Case]) -> None:
    """Every crossing has been told, nothing waits, and a second later it is still so."""
    yellow = {case.company for case in cases if case.to is Heat.YELLOW}
    calm = 0
    while calm < 10:
        texts = "\n".join(shown(one) for one in stage.desk.bubbles.values())
        metrics = await process.metrics()
        told = all(f"黄色预警 · {company}" in texts for company in yellow)
        busy = metrics["momentum_inbox_waiting"] + metrics["momentum_outbox_waiting"]
        calm = calm + 1 if told and not busy else 0
        await asyncio.sleep(0.1)


async def test_a_killed_program_leaves_no_solver_behind(tmp_path: Path) -> None:
    port = free_port()
    async with Stage(main.real_now, port, demo.residents()).open() as stage:
        base = Settings(data_dir=tmp_path / "var", port=port, log_level="WARNING")
        process = Process(stage.settings(base), tmp_path)
        await prepare(base.data_dir, main.real_now() + timedelta(hours=1))
        await process.start()
        try:
            await process.ready()
            await stage.sides["dingtalk"].say("staff001", "排班")
            await until(lambda: process.children("spawn_main"))
            solvers = process.children("spawn_main")
            await process.kill()
            await until(lambda: not any(map(is_alive, solvers)), 20)
            await process.start()
            await until(lambda: stage_shows(stage, "排班草稿"))
        finally:
            await process.stop()


def stage_shows(stage: Stage, words: str) -> bool:
    return any(words in shown(one) for one in stage.desk.bubbles.values())


async def check(
    stage: Stage, cases: list[Case], companies: list[str], chosen: dict[str, str]
) -> None:
    titles = Counter(
        (one.user, line)
        for one in stage.desk.bubbles.values()
        for line in shown(one).splitlines()
        if " · " in line
    )
    for case in cases:
        lead = await LeadRow.get(company=case.company)
        events = Counter(await LeadEvent.filter(lead_id=lead.id).values_list("kind", flat=True))
        user = REPS[case.owner]
        if case.to is Heat.YELLOW:
            assert events == {"heat": 1}, case
            assert titles[user, f"黄色预警 · {case.company}"] == 1, case
            continue
        assert events == {"heat": 1, DECISIONS[chosen[case.company]]: 1}, (case, events)
        # Changed in place; or said anew, if the means of changing it died with the process.
        theirs = [shown(one) for one in stage.desk.bubbles.values() if one.user == user]
        seen = [text for text in theirs if case.company in text]
        assert sum(f"已处理 · {case.company}" in text for text in seen) == 1, (case, seen)
        assert sum(f"红色熔断 · {case.company}" in text for text in seen) <= 1, (case, seen)
        copies = [one for one in stage.desk.bubbles.values() if case.company in shown(one)]
        on_feishu = [one for one in copies if one.platform == "feishu"]
        assert len(on_feishu) == 1, case
    for company in filter(None, companies):
        assert await LeadRow.filter(company=company).count() == 1
        assert titles["lina", f"线索已登记 · {company} · 张经理"] == 1
    assert await InboxRow.exclude(state="done").count() == 0
    assert await OutboxRow.filter(state__in=("new", "dead")).count() == 0
