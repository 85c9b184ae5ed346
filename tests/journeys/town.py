"""A town to play in: the whole program, three emulated platforms, and a clock that can be moved."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from aiohttp import web
from tortoise.expressions import Q

import main
from bot.emulator.desk import Bubble, Desk, Exchange, Json
from bot.emulator.faults import Faults
from bot.emulator.stage import Stage
from config.settings import Settings
from crm.lead import LeadView
from crm.momentum import Change, Heat
from crm.person import Person
from jobs import demo
from models import lead as leads
from models import momentum, person
from models import roster as rosters
from models.inbox import InboxRow
from models.lead import LeadEvent, LeadRow
from models.outbox import OutboxRow
from models.task import TaskRow

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 4, 18, 30, tzinfo=SHANGHAI)
"""A Wednesday, chosen so that a new lead turns yellow and red by day, outside of quiet hours."""

OLD_TOKEN = re.compile("42001|99991663|InvalidAuthentication|40014")
ROOMS = ("inbox", "momentum", "task", "outbox")
PATIENCE = timedelta(hours=2)  # how far `settle` lets time run for what waits to be tried again


@dataclass
class Clock:
    """Real seconds from a fixed start, plus what was skipped."""

    start: datetime = START
    skipped: timedelta = timedelta()
    _began: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.start + self.skipped + timedelta(seconds=time.monotonic() - self._began)


@dataclass
class Town:
    """The program among its platforms. People are named by platform and account."""

    program: main.Program
    stage: Stage
    clock: Clock
    url: str
    troubled: bool = False  # a test makes the platforms, or itself, misbehave

    @property
    def desk(self) -> Desk:
        return self.stage.desk

    @property
    def faults(self) -> Faults:
        return self.stage.faults

    async def say(self, platform: str, user: str, text: str) -> list[Bubble]:
        """Type it; returns what the person's phone shows of it when all is quiet."""
        before = set(self.desk.bubbles)
        await self.stage.sides[platform].say(user, text)
        await self.settle()
        return [one for one in self.phone(platform, user) if one.id not in before]

    async def press(self, bubble: Bubble, label: str, /, **form: str) -> str:
        """Press the button of that label as the bubble shows it now; returns the toast."""
        button = buttons(bubble)[label]
        toast = await self.press_raw(bubble, button, **form)
        await self.settle()
        return toast

    async def press_raw(self, bubble: Bubble, button: Mapping[str, Any], /, **form: str) -> str:
        """Press what the bubble may no longer show, and do not wait for what follows."""
        side = self.stage.sides[bubble.platform]
        return await side.press(bubble.user, bubble.id, dict(button), form)

    def phone(self, platform: str, user: str) -> list[Bubble]:
        """What the robot has put on a phone, oldest first."""
        return [
            one
            for one in self.desk.bubbles.values()
            if (one.platform, one.user) == (platform, user) and not one.mine
        ]

    def find(self, platform: str, user: str, *words: str) -> Bubble:
        """The one bubble on a phone that shows all these words."""
        found = self.found(platform, user, *words)
        assert len(found) == 1, f"{len(found)} × {words} among {self.texts(platform, user)}"
        return found[0]

    def found(self, platform: str, user: str, *words: str) -> list[Bubble]:
        return [
            one for one in self.phone(platform, user) if all(word in shown(one) for word in words)
        ]

    def texts(self, platform: str, user: str) -> list[str]:
        return [shown(one) for one in self.phone(platform, user)]

    async def advance(self, **span: float) -> None:
        """Let time pass, then everything that came due."""
        self.clock.skipped += timedelta(**span)
        await self.settle()

    async def advance_to(self, moment: datetime) -> None:
        """Let it be that moment, unless it is later already."""
        self.clock.skipped += max(timedelta(), moment - self.clock.now())
        await self.settle()

    async def crossing(self, company: str) -> Change:
        """The next change of a lead's heat, as it is solved now."""
        standing = await momentum.standing((await self.lead(company)).id)
        assert standing.next, f"{company} stays {standing.heat}"
        return standing.next

    async def cool(self, company: str, heat: Heat) -> datetime:
        """Let nobody touch the lead until it has that heat; returns when that was."""
        while (coming := await self.crossing(company)).heat is not heat:
            await self.advance_to(coming.at)
        await self.advance_to(coming.at)
        return coming.at

    async def history(self, company: str) -> list[tuple[str, str]]:
        """(kind, words) of a lead's history, oldest first."""
        lead = (await LeadRow.filter(company=company).values_list("id", flat=True))[0]
        rows = await LeadEvent.filter(lead_id=lead).order_by("at", "id")
        return [(row.kind, row.words) for row in rows]

    async def settle(self) -> None:
        """Work until nothing is due; what waits for a new try gets its time."""
        until = self.clock.now() + PATIENCE
        while True:
            for room in ROOMS:
                await self.program.worker.look(room)
            waiting = [
                *await InboxRow.filter(state="new").values_list("not_before", flat=True),
                *await OutboxRow.filter(state="new").values_list("not_before", flat=True),
                *await TaskRow.filter(
                    Q(attempts__gt=0) | Q(not_before__lte=self.clock.now()), state="new"
                ).values_list("not_before", flat=True),
            ]
            # Everybody is at their phone at any hour here; tests/jobs/test_delivery.py is not.
            released = await OutboxRow.filter(state="held").update(
                state="new", code="", direct=True, not_before=self.clock.now()
            )
            if released:
                continue
            if not waiting:
                return
            now = self.clock.now()
            soonest: datetime = min(waiting)  # type: ignore[assignment]
            assert soonest < until, f"still waiting for {soonest - now}"
            self.clock.skipped += max(timedelta(), soonest - now)
            await asyncio.sleep(0.01)

    def refusals(self) -> list[Exchange]:
        """Exchanges in which a platform, or Momentum, said no.

        A token that grew old while time was skipped is no fault: real time does not jump.
        """
        return [
            one
            for one in self.desk.exchanges
            if _is_refusal(one) and not OLD_TOKEN.search(str(one.response))
        ]

    async def person(self, name: str) -> Person:
        (found,) = await person.by_name(main.TENANT, name)
        return found

    async def lead(self, company: str) -> LeadView:
        """The lead of that company, open or closed."""
        row = await LeadRow.get(company=company)
        found = await leads.by_id(main.TENANT, row.id)
        assert found
        return found


@asynccontextmanager
async def opened(folder: Path, clock: Clock | None = None) -> AsyncIterator[Town]:
    """The demo's people and stores, and no leads; everything stops at the end."""
    clock = clock or Clock()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        base = Settings(data_dir=folder / "var", port=port)
        async with (
            Stage(clock.now, port, demo.residents()).open() as stage,
            main.running(stage.settings(base), now=clock.now) as program,
        ):
            await settled_company()
            runner = web.AppRunner(program.application(), access_log=None, shutdown_timeout=1)
            await runner.setup()
            try:
                await web.SockSite(runner, listening).start()
                await main.register_callbacks(program)
                yield Town(program, stage, clock, f"http://127.0.0.1:{port}")
            finally:
                await runner.cleanup()
                await program.door.close()


async def settled_company() -> None:
    """The demo's people and stores, in the opened database."""
    await person.save(main.TENANT, demo.people())
    text = (demo.FOLDER / "company.yaml").read_text(encoding="utf-8")
    for name, about in yaml.safe_load(text)["stores"].items():
        await rosters.save_store(main.TENANT, name, about)


def shown(bubble: Bubble) -> str:
    """All words of a message as it is now; JSON within JSON is opened."""
    return "\n".join([*_strings(bubble.body), bubble.greyed, bubble.toast])


def buttons(bubble: Bubble) -> dict[str, Json]:
    """What can be pressed, by label, in the terms of `Side.press`."""
    found: dict[str, Json] = {}
    for part in _objects(bubble.body):
        label = part.get("text")
        if isinstance(label, dict):
            label = label.get("content")
        if bubble.platform == "wecom" and label and "key" in part:
            found[label] = {"key": part["key"]}
        elif bubble.platform == "feishu" and part.get("tag") == "button":
            value = part["behaviors"][0].get("value")
            found[str(label)] = {"value": value} | {k: part[k] for k in ("name",) if k in part}
        elif bubble.platform == "dingtalk" and label and "command" in part:
            found[label] = {"id": "button", "params": {"command": part["command"]}}
    params = bubble.body.get("params", {})
    if params.get("has_form") == "true":
        found[params["form_btn_text"]] = {"id": "form", "params": {}}
    return {} if bubble.greyed else found


def choices(bubble: Bubble) -> dict[str, str]:
    """The options of the card's lists: what is sent, by label."""
    found: dict[str, str] = {}
    for part in _objects(bubble.body):
        for option in part.get("options") or part.get("option_list") or ():
            label = option["text"]
            value = option.get("value", option.get("id"))
            found[label["content"] if isinstance(label, dict) else label] = str(value)
    return found


def _objects(value: Any) -> Iterator[Json]:
    if isinstance(value, str) and value[:1] in ("{", "["):
        value = _parsed(value)
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _objects(inner)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        opened = _parsed(value) if value[:1] in ("{", "[") else value
        if isinstance(opened, str):
            yield opened
            return
        value = opened
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_refusal(exchange: Exchange) -> bool:
    if exchange.status != 200:
        return True
    answer = exchange.response if isinstance(exchange.response, dict) else {}
    return bool(answer.get("errcode") or (exchange.direction == "out" and answer.get("code")))
