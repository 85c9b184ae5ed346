"""The program's working half around a database: say something, and see what leaves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import handlers
from bot.commands import Answer, Commands, Context, Outgoing, Reply, Table
from bot.event import Event, Kind
from bot.metrics import Metrics
from bot.sender import Sender
from bot.web import Worked
from cards.card import Card
from crm.person import Person
from jobs import JOBS, SWEEPS
from jobs.inbox import Inbox
from jobs.outbox import Postman
from jobs.task import Tasks
from models import inbox
from models.db import transaction
from models.inbox import InboxRow
from models.policy import Book
from tests import fakes
from tests.fakes import TENANT, Clock, FakePlatform


@dataclass
class Office:
    """Handlers, inbox, tasks and postman over one database, three fake platforms, one clock."""

    clock: Clock = field(default_factory=Clock)
    book: Book = field(default_factory=Book)
    parts: Iterable[Commands] = handlers.ALL
    platforms: dict[tuple[str, str], Any] = field(default_factory=fakes.platforms)

    def __post_init__(self) -> None:
        self.house = fakes.house(self.clock, self.book)
        self.table = Table(self.parts)
        self.metrics = Metrics()
        self.inbox = Inbox(self.house, self.table, fakes.silence)
        self.postman = Postman(Sender(self.platforms), now=self.clock, metrics=self.metrics)
        self.tasks = Tasks(self.house, JOBS, fakes.silence)
        self.sweep_momentum = SWEEPS["momentum"](self.house, fakes.silence)
        self._said = 0

    def phone(self, platform: str = "feishu") -> FakePlatform:
        found: FakePlatform = self.platforms[platform, fakes.APP]
        return found

    async def answer(self, who: Person, text: str, /, **form: str) -> Answer:
        """What this person gets who types (or presses) that; RefusedError if it is refused."""
        return (await self.asked(who, text, **form))[0]

    async def asked(self, who: Person, text: str, /, **form: str) -> tuple[Answer, list[Outgoing]]:
        """The answer, and what is said to colleagues besides."""
        self._said += 1
        ctx = self.context(who, fakes.event(text, key=f"said-{self._said}", form=form))
        async with transaction():
            return as_answer(await self.table.answer(ctx)), ctx.outgoing

    def context(self, who: Person, said: Event) -> Context:
        return Context(
            tenant=TENANT,
            now=self.clock.at,
            zone=fakes.ZONE,
            policies=self.book.current(TENANT),
            base_url="http://127.0.0.1:8080",
            event=said,
            person=who,
            table=self.table,
        )

    async def keep(self, *events: Event) -> list[int]:
        """Store events as the door does; returns their ids."""
        kept = await inbox.store(
            [(item, f"trace-{item.key}"[:32]) for item in events],
            now=self.clock.at,
            press_wait=timedelta(seconds=6),
        )
        return [item.id for item in kept]

    async def receive(self, *events: Event) -> list[Worked | None]:
        """Store and work events, one after the other."""
        return [await self.inbox.work(entry) for entry in await self.keep(*events)]

    async def press(self, who: str, command: str, message: str = "", **more: Any) -> Worked | None:
        """Press a button on a card that lies in `message`."""
        self._said += 1
        pressed = fakes.event(
            command,
            key=f"press-{self._said}",
            who=who,
            kind=Kind.PRESS,
            origin={"message": message},
            **more,
        )
        return (await self.receive(pressed))[0]

    async def settle(self) -> None:
        """Work until nothing is due now."""
        while (
            await self.inbox.drain()
            + await self.sweep_momentum()
            + await self.tasks.drain()
            + await self.postman.drain()
        ):
            pass


def as_answer(reply: Reply) -> Answer:
    """A handler's reply in its one full form."""
    if isinstance(reply, Answer):
        return reply
    return Answer(reply) if isinstance(reply, Card) else Answer(toast=reply or "")


async def state(id: int) -> str:
    return (await InboxRow.get(id=id)).state
