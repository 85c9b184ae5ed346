"""A console with an admin, for the handlers' and the browser's tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient

from bot.commands import Context, Table
from bot.event import Event, Kind
from cards.card import Card
from crm.person import Person, PersonRow, Role
from handlers import console
from models import person
from models.policy import Book

TENANT = "main"
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)  # 12:00 in Shanghai

Client = TestClient[web.Request, web.Application]


@dataclass
class Desk:
    """The program around the console, with a clock that tests move."""

    at: datetime = NOON
    base_url: str = "http://127.0.0.1:8080"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    book: Book = field(default_factory=Book)

    def now(self) -> datetime:
        return self.at

    def wait(self, **span: float) -> None:
        self.at += timedelta(**span)

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes(console.routes(self, self.book))
        return app

    def context(self, who: Person, said: str = "登录", chat: str = "") -> Context:
        event = Event("wecom", "main", TENANT, "m1", "zhao", chat, Kind.MESSAGE, said, self.at)
        return Context(
            tenant=TENANT,
            now=self.at,
            zone=self.zone,
            policies=self.book.current(TENANT),
            base_url=self.base_url,
            event=event,
            person=who,
            table=Table((console.commands,)),
        )

    async def code(self, who: Person) -> str:
        """What this person gets who says 登录."""
        card = await self.context(who).table.answer(self.context(who))
        assert isinstance(card, Card)
        return code_in(card)


async def employ(name: str = "赵敏", *roles: Role) -> Person:
    """Somebody of the tenant; an admin unless roles are given."""
    row = PersonRow(
        name=name,
        roles=frozenset(roles or (Role.ADMIN,)),
        team="",
        store="",
        manager="",
        mobile="",
        skills=(),
        accounts={"wecom": name},
    )
    await person.save(TENANT, [row])
    return (await person.by_name(TENANT, name))[0]


def code_in(card: Card) -> str:
    return card.buttons[0].url.partition("?code=")[2]


async def sign_in(client: Client, code: str, **headers: str) -> ClientResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post(
        "/console/sign-in", data={"code": code}, headers=sent, allow_redirects=False
    )


async def opened(client: Client, path: str = "/console/") -> tuple[str, dict[str, str]]:
    """A page's text, and everything that its forms would send."""
    page = await (await client.get(path)).text()
    reader = FormReader()
    reader.feed(page)
    return page, reader.typed


class FormReader(HTMLParser):
    """The names and values of a page's fields."""

    def __init__(self) -> None:
        super().__init__()
        self.typed: dict[str, str] = {}
        self._select = ""
        self._is_chosen = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "input":
            self.typed[told["name"]] = told.get("value", "")
        elif tag == "select":
            self._select = told["name"]
        elif tag == "option":
            self._is_chosen = "selected" in told

    def handle_data(self, data: str) -> None:
        if self._is_chosen:
            self.typed[self._select] = data
            self._is_chosen = False
