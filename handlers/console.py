"""The admins' console: a code in chat, a session in the browser, and the pages it opens."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NoReturn, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.commands import Args, Commands, Context, Reply
from bot.pages import COOKIE, Pages
from bot.throttle import Throttle, TooOftenError
from cards.console import sign_in_card
from crm.console import (
    CODE_LENGTH,
    CODE_LETTERS,
    Visitor,
    code_end,
    neighbourhood,
    session_end,
    tidy_code,
)
from crm.person import Role
from crm.refusal import RefusedError
from handlers import setting
from models import audit, console
from models.db import transaction
from models.policy import Book

log = logging.getLogger(__name__)

PAGES = Path(__file__).parent.parent / "pages" / "console"
commands = Commands("console")


@commands.on("登录", "后台", roles=(Role.ADMIN,), usage="登录", help="领取管理后台的一次性登录码")
async def give_code(ctx: Context, args: Args) -> Reply:
    """Whoever holds an admin's messenger account may sign in: that account is the proof."""
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    policy = ctx.policies.console
    await console.give_code(ctx.tenant, ctx.person.id, code, expires_at=code_end(ctx.now, policy))
    await audit.note(
        ctx.tenant, actor=ctx.person.id, action="console.code", subject="console", now=ctx.now
    )
    card = sign_in_card(code, policy.code_minutes, f"{ctx.base_url}/console/?code={code}")
    if not ctx.event.chat:
        return card
    ctx.send(ctx.person, card, key=f"console.code:{ctx.event.platform}:{ctx.event.key}")
    return "登录码已单独发给您，群里的人看不到。"


class Surroundings(Protocol):
    """What the console needs of the program (jobs.inbox.House has it)."""

    @property
    def now(self) -> Callable[[], datetime]: ...
    @property
    def zone(self) -> ZoneInfo: ...
    @property
    def base_url(self) -> str: ...


class Door:
    """In with a code, out with a button."""

    def __init__(self, house: Surroundings, book: Book, pages: Pages) -> None:
        self._house = house
        self._book = book
        self._pages = pages
        self._tries = Throttle(limit=10, seconds=60)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/console/sign-in", self.sign_in),
            web.post("/console/sign-out", self.sign_out),
        ]

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        """Trade a one-time code for a session.

        Wrong tries of one connection's address are slowed down (X-Forwarded-For is what a guesser
        would forge), a right code never is: behind a proxy a guesser must not shut the admins out,
        and a code of 39 bits that lives for minutes is not guessed at any speed.
        """
        code = tidy_code((await self._pages.fields(request)).get("code", ""))
        try:
            secret = await self._enter(code)
        except RefusedError as refused:
            log.warning("sign-in refused", extra={"address": request.remote})
            try:
                self._tries.check(neighbourhood(request.remote or ""))
            except TooOftenError as slower:
                return self._pages.sign_in(code=code, fault=str(slower), status=429)
            return self._pages.sign_in(fault=str(refused), status=403)
        is_secure = request.secure or self._house.base_url.startswith("https://")
        leave = web.HTTPSeeOther("/console/")
        leave.set_cookie(
            COOKIE, secret, httponly=True, samesite="Strict", secure=is_secure, path="/console"
        )
        raise leave

    async def sign_out(self, request: web.Request) -> NoReturn:
        await self._pages.form(request)
        await console.end_session(request.cookies.get(COOKIE, ""))
        leave = web.HTTPSeeOther("/console/")
        leave.del_cookie(COOKIE, path="/console")
        raise leave

    async def _enter(self, code: str) -> str:
        """The secret of a new session, with its audit row; the code is used up only with both."""
        now = self._house.now()
        secret = secrets.token_urlsafe(32)
        async with transaction():
            who = await console.use_code(code, now=now)
            ends = session_end(now, self._book.current(who.tenant).console)
            csrf = secrets.token_urlsafe(24)
            await console.open_session(who, secret, csrf, now=now, expires_at=ends)
            await audit.note(
                who.tenant, actor=who.id, action="console.sign_in", subject="console", now=now
            )
        return secret


def routes(house: Surroundings, book: Book) -> list[web.RouteDef]:
    """Every address under /console."""

    async def find(secret: str) -> Visitor | None:
        return await console.visitor(secret, now=house.now())

    async def to_overview(request: web.Request) -> NoReturn:
        raise web.HTTPFound("/console/")

    pages = Pages(PAGES, find)
    return [
        web.get("/console", to_overview),
        *Door(house, book, pages).routes(),
        *setting.routes(house, book, pages),
        *(pages.file(name) for name in ("console.css", "logo.svg")),
    ]
