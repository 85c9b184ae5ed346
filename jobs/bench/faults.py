"""Everything goes wrong at once, and at the end every event has had its effect exactly once.

5,000 messages on three platforms against the emulator while callbacks come twice and out of
order, the platforms are silent for three seconds, throttle, fail, revoke tokens and reset
connections after they have done the work, and the program is killed with -9 at 50 random moments.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from bot.emulator.desk import Resident
from bot.emulator.faults import Faults
from bot.emulator.stage import Stage
from config.policies import Policies
from config.settings import Settings
from crm.person import PersonRow, Role
from jobs.bench.callbacks import Said, sealed
from jobs.bench.floor import PATHS
from models import db, inbox, momentum, outbox, person
from models import lead as leads
from models.db import transaction

ROOT = Path(__file__).parent.parent.parent
EVENTS, KILLS, PEOPLE = 5_000, 50, 120  # people a platform: each has few enough messages a minute
AT_ONCE, SEED = 24, 20260302
SETTLE_SECONDS = 240.0
TENANT = "main"
TROUBLES = (
    Faults(throttled=0.1, failing=0.05, lost=0.05),
    Faults(slow_seconds=3.0),
    Faults(revoked=True),
    Faults(lost=0.2),
    Faults(throttled=0.3),
    Faults(),
)


@dataclass
class Campaign:
    """One run: what was sent, and how often the program died."""

    settings: Settings
    stage: Stage
    dice: random.Random
    env: dict[str, str]
    port: int
    leads: dict[tuple[str, str], int]  # everyone's own lead, by platform and user
    process: asyncio.subprocess.Process | None = None
    acknowledged: list[tuple[str, Said]] = field(default_factory=list)
    sent: int = 0
    kills: int = 0

    async def start(self) -> None:
        """Start the program and wait until it answers."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "main.py",
            "web",
            cwd=ROOT,
            env=self.env,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with aiohttp.ClientSession() as session:
            while True:
                with suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.port}/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """kill -9, and start again at once."""
        if self.process:
            self.process.kill()
            await self.process.wait()
        self.kills += 1
        await self.start()

    async def tell(self, session: aiohttp.ClientSession, platform: str, said: Said) -> None:
        """Send until acknowledged, as a platform does, and now and then once more for nothing."""
        again = self.dice.random() < 0.15
        await asyncio.sleep(self.dice.random() * 0.4)  # so they overtake each other
        while True:
            request = sealed(self.settings, platform, said)
            url = f"http://127.0.0.1:{self.port}{PATHS[platform]}?{request.query}"
            self.sent += 1
            with suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with session.post(
                    url,
                    data=request.body,
                    headers=request.headers,
                    timeout=aiohttp.ClientTimeout(total=5),
                ) as answer:
                    if answer.status == 200:
                        if not again:
                            self.acknowledged.append((platform, said))
                            return
                        again = False
                        continue
            await asyncio.sleep(0.2)


async def measure(settings: Settings) -> int:
    """Run the campaign on the embedded default, or on the database that is configured."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        residents = [Resident(name, user, user, "销售代表") for name, user in _people()]
        async with Stage(lambda: datetime.now(UTC), port, residents).open() as stage:
            own = stage.settings(settings)
            env = _environment(own, folder, port, settings)
            url = settings.database_url or db.embedded_url(Path(folder))
            own_leads = await _prepare(url)
            campaign = Campaign(own, stage, random.Random(SEED), env, port, own_leads)  # noqa: S311
            await _wage(campaign)
            sent_seconds = time.perf_counter() - started
            await _settle(campaign, url)
            if campaign.process:
                campaign.process.terminate()
                await campaign.process.wait()
            return await _judge(campaign, url, sent_seconds, time.perf_counter() - started)


async def _wage(campaign: Campaign) -> None:
    """Send everything while the troubles change and the program dies."""
    await campaign.start()
    people = list(campaign.leads)
    said = [
        (
            platform,
            Said(number, user, f"跟进 {campaign.leads[platform, user]} 电话沟通第{number}次"),
        )
        for number in range(EVENTS)
        for platform, user in (people[number % len(people)],)
    ]
    campaign.dice.shuffle(said)
    left = iter(said)
    trouble = asyncio.create_task(_trouble(campaign))
    try:
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(_tell_all(campaign, session, left) for _ in range(AT_ONCE)))
    finally:
        trouble.cancel()
        with suppress(asyncio.CancelledError):
            await trouble
    while campaign.kills < KILLS:  # whatever is left to deliver, with the rest of the deaths
        await asyncio.sleep(0.2 + campaign.dice.random() * 0.6)
        await campaign.kill()
    _set(campaign.stage.faults, Faults())


async def _tell_all(
    campaign: Campaign, session: aiohttp.ClientSession, left: Iterator[tuple[str, Said]]
) -> None:
    for platform, said in left:
        await campaign.tell(session, platform, said)


async def _trouble(campaign: Campaign) -> None:
    """One trouble after the other, and a death every second or so."""
    while True:
        _set(campaign.stage.faults, campaign.dice.choice(TROUBLES))
        await asyncio.sleep(0.3 + campaign.dice.random())
        if campaign.kills < KILLS:
            await campaign.kill()


async def _settle(campaign: Campaign, url: str) -> None:
    """Wait until nothing is left to work or to deliver."""
    end = time.perf_counter() + SETTLE_SECONDS
    async with db.opened(url):
        while time.perf_counter() < end:
            waiting = await outbox.counts()
            if not await inbox.waiting() and not waiting["waiting"]:
                return
            await asyncio.sleep(0.5)


async def _judge(campaign: Campaign, url: str, sent_seconds: float, seconds: float) -> int:
    """Count effects in the tables and messages on the phones."""
    async with db.opened(url):
        rows = await leads.LeadEvent.filter(kind=leads.TOUCH).values_list("words", flat=True)
        dead = (await outbox.counts())["dead"]
    effects = Counter(str(words) for words in rows)
    wanted = [said.text.split(" ", 2)[2] for _, said in campaign.acknowledged]
    lost = sum(words not in effects for words in wanted)
    repeated = sum(count - 1 for count in effects.values())
    shown = _answers(campaign.stage)
    silent = sum(
        not shown[platform, words]
        for (platform, _), words in zip(campaign.acknowledged, wanted, strict=True)
    )
    doubled = Counter(platform for (platform, _), count in shown.items() if count > 1)
    print(f"events acknowledged: {len(wanted)} of {EVENTS}, callbacks sent: {campaign.sent}")
    print(f"killed with -9: {campaign.kills} times")
    print(f"{sent_seconds:.0f} s until the last was sent, {seconds:.0f} s until all was settled")
    print(f"effects lost: {lost}, effects repeated: {repeated}")
    print(f"answers missing: {silent}, dead letters: {dead}")
    print(f"answers shown twice: {dict(doubled) or 0}")
    failed = lost or repeated or silent or dead or doubled or len(wanted) != EVENTS
    return 1 if failed else 0


def _answers(stage: Stage) -> Counter[tuple[str, str]]:
    """How often each event's answer lies on its phone, by the words it answers."""
    found: Counter[tuple[str, str]] = Counter()
    for bubble in stage.desk.bubbles.values():
        text = str(bubble.body)
        start = text.find("电话沟通第")
        if not bubble.mine and start >= 0:
            found[bubble.platform, text[start : text.find("次", start) + 1]] += 1
    return found


async def _prepare(url: str) -> dict[tuple[str, str], int]:
    """People of three platforms, a lead for each, in an up-to-date database."""
    now, owned = datetime.now(UTC), {}
    async with db.opened(url):
        await db.migrate(url)
        rows = [
            PersonRow(
                name=f"{platform}{user}",
                roles=frozenset((Role.REP,)),
                team="华东",
                store="",
                manager="",
                mobile="",
                skills=(),
                accounts={platform: user},
            )
            for platform, user in _people()
        ]
        await person.save(TENANT, rows)
        policies = Policies()
        for who in await person.everyone(TENANT):
            async with transaction():
                new = leads.NewLead(company=f"{who.name}公司", source="bench")
                lead = await leads.create(TENANT, new, owner=who, now=now)
                await momentum.begin(TENANT, lead.id, policies.momentum, now=now)
            for place in who.accounts.items():
                owned[place] = lead.id
    return owned


def _people() -> Iterator[tuple[str, str]]:
    for number in range(PEOPLE):
        yield "wecom", f"rep{number}"
        yield "feishu", f"ou_{number:032x}"
        yield "dingtalk", f"staff{number}"


def _set(faults: Faults, to: Faults) -> None:
    for item in fields(Faults):
        if item.name != "dice":
            setattr(faults, item.name, getattr(to, item.name))


def _environment(own: Settings, folder: str, port: int, given: Settings) -> dict[str, str]:
    """The emulator's settings as the program reads them."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("MOMENTUM_")}
    for platform in ("wecom", "feishu", "dingtalk"):
        part = getattr(own, platform)
        for item in fields(part):
            if value := getattr(part, item.name):
                env[f"MOMENTUM_{platform}__{item.name}".upper()] = str(value)
    env |= {
        "MOMENTUM_DATA_DIR": folder,
        "MOMENTUM_PORT": str(port),
        "MOMENTUM_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "MOMENTUM_LOG_LEVEL": "ERROR",
    }
    if given.database_url:
        env["MOMENTUM_DATABASE_URL"] = given.database_url
    return env


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
