"""The console's pages for policies: generated forms, versions, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.pages import Pages
from config import change, form
from config.change import Change, Standing
from config.policies import (
    KINDS,
    Policies,
    PolicyError,
    Stored,
    build,
    changed_count,
    differences,
)
from crm.console import Visitor, tidy_code
from crm.person import Person
from crm.refusal import RefusedError
from crm.setting import described
from models import audit, policy
from models.db import transaction
from models.policy import Book

OUTDATED = "您打开页面之后有人改过配置，所以没有保存。下面已是最新值，请核对后再提交。"


class Surroundings(Protocol):
    """What these pages need of the program."""

    @property
    def now(self) -> Callable[[], datetime]: ...
    @property
    def zone(self) -> ZoneInfo: ...


class SettingPages:
    """Overview, one form a policy, and going back to a version."""

    def __init__(self, house: Surroundings, book: Book, pages: Pages) -> None:
        self._house = house
        self._book = book
        self._pages = pages

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/console/", self.overview),
            web.get("/console/policies/{name}", self.show),
            web.post("/console/policies/{name}", self.save),
            web.get("/console/versions/{version:[0-9]{1,8}}", self.show_version),
            web.post("/console/versions/{version:[0-9]{1,8}}", self.restore),
        ]

    async def overview(self, request: web.Request) -> web.StreamResponse:
        """The policies and their history; a stranger sees the sign-in."""
        visitor = await self._pages.visitor(request)
        if visitor is None:
            return self._pages.sign_in(code=tidy_code(request.query.get("code", "")))
        tenant = visitor.person.tenant
        standing = await self._standing(tenant)
        versions = await policy.history(tenant)
        done = request.query.get("done", "")
        return self._pages.page(
            "overview.html",
            visitor=visitor,
            standing=standing,
            groups=[_group(name, standing.policies) for name in KINDS],
            versions=[(item, item.at.astimezone(self._house.zone)) for item in versions],
            done=done if any(str(item.version) == done for item in versions) else "",
        )

    async def show(self, request: web.Request) -> web.StreamResponse:
        """A policy's form, made from its fields."""
        visitor = await self._pages.admin(request)
        standing = await self._standing(visitor.person.tenant)
        return self._form(visitor, self._name(request), standing)

    async def save(self, request: web.Request) -> web.StreamResponse:
        """A new version, or the form again with every fault named and nothing typed lost."""
        visitor, typed = await self._pages.form(request)
        who, name, reason = visitor.person, self._name(request), typed.get("_reason", "")
        standing = await self._standing(who.tenant)
        edits = form.edited(name, await self._seen(who.tenant, typed, standing), typed)
        try:
            if typed.get("_seen") != str(standing.newest):
                was_typed, edits = bool(edits), form.edited(name, standing.policies, edits)
                if was_typed and not edits:  # the same form came twice, as by a double click
                    raise _saved(standing.newest)
                raise RefusedError(OUTDATED)
            version = await self._keep(who, change.edit(standing, name, edits, reason))
        except RefusedError as refused:
            return self._form(visitor, name, standing, edits, reason, refused)
        raise _saved(version)

    async def show_version(self, request: web.Request) -> web.StreamResponse:
        """What going back to a version would change, and the button that does it."""
        visitor = await self._pages.admin(request)
        return await self._version(visitor, int(request.match_info["version"]))

    async def restore(self, request: web.Request) -> web.StreamResponse:
        """Go back: the old values as a new version."""
        visitor, typed = await self._pages.form(request)
        number, reason = int(request.match_info["version"]), typed.get("_reason", "")
        standing = await self._standing(visitor.person.tenant)
        stored = await self._stored(visitor.person.tenant, number)
        try:
            if typed.get("_seen") != str(standing.newest):
                raise RefusedError("您打开页面之后有人改过配置，请看过下面的最新差别再恢复。")
            version = await self._keep(
                visitor.person, change.going_back(standing, number, stored, reason)
            )
        except RefusedError as refused:
            return await self._version(visitor, number, reason, refused)
        raise _saved(version)

    def _form(
        self,
        visitor: Visitor,
        name: str,
        standing: Standing,
        edits: Mapping[str, str] = {},
        reason: str = "",
        refused: RefusedError | None = None,
    ) -> web.Response:
        faults = _faults(refused)
        return self._pages.page(
            "policy.html",
            status=422 if refused else 200,
            visitor=visitor,
            name=name,
            kind=KINDS[name],
            rows=form.rows(name, standing.policies, edits, faults),
            seen=standing.newest,
            reason=reason,
            faults=faults,
        )

    async def _version(
        self, visitor: Visitor, number: int, reason: str = "", refused: RefusedError | None = None
    ) -> web.Response:
        tenant = visitor.person.tenant
        standing = await self._standing(tenant)
        faults, changes = _faults(refused), list[str]()
        try:
            old = build(number, await self._stored(tenant, number))
            changes = differences(standing.policies, old)
        except PolicyError as fault:
            faults += fault.faults
        return self._pages.page(
            "version.html",
            status=422 if refused else 200,
            visitor=visitor,
            number=number,
            seen=standing.newest,
            reason=reason,
            changes=changes,
            faults=faults,
        )

    async def _keep(self, who: Person, wanted: Change) -> int:
        """Append the version with its audit row, and use it here at once.

        Raises RefusedError if somebody else was faster.
        """
        now = self._house.now()
        async with transaction():
            version = await policy.append(
                who.tenant,
                wanted.stored,
                after=wanted.after,
                author=who.name,
                reason=wanted.reason,
                changed=wanted.words,
                now=now,
            )
            await audit.note(
                who.tenant,
                actor=who.id,
                action=wanted.action,
                subject=f"policy:{version}",
                now=now,
                detail={"changed": wanted.words, "reason": wanted.reason},
            )
        await self._book.refresh(who.tenant)
        return version

    async def _standing(self, tenant: str) -> Standing:
        newest = await policy.newest_number(tenant)  # first: a later version must not go unseen
        await self._book.refresh(tenant)
        return Standing(newest, self._book.current(tenant))

    async def _seen(self, tenant: str, typed: Mapping[str, str], standing: Standing) -> Policies:
        """The values that the form showed when it was opened."""
        text = typed.get("_seen", "")[:8]
        if text == str(standing.newest) or not (text.isascii() and text.isdigit()):
            return standing.policies
        try:
            return build(int(text), await self._stored(tenant, int(text)))
        except PolicyError:
            return standing.policies

    async def _stored(self, tenant: str, number: int) -> Stored:
        """What a version stored; version 0 is the shipped values."""
        if number == 0:
            return {}
        version = await policy.numbered(tenant, number)
        if version is None:
            self._pages.refuse(web.HTTPNotFound, f"没有版本 {number}。")
        return version.stored

    def _name(self, request: web.Request) -> str:
        name = request.match_info["name"]
        if name not in KINDS:
            self._pages.refuse(web.HTTPNotFound, "没有这组配置。")
        return name


def routes(house: Surroundings, book: Book, pages: Pages) -> list[web.RouteDef]:
    return SettingPages(house, book, pages).routes()


def _group(name: str, policies: Policies) -> dict[str, object]:
    """A policy as the overview shows it."""
    kind = KINDS[name]
    return {
        "name": name,
        "label": kind.label,
        "help": kind.help,
        "count": len(list(described(kind.policy))),
        "changed": changed_count(policies, name),
    }


def _faults(refused: RefusedError | None) -> tuple[str, ...]:
    if refused is None:
        return ()
    return refused.faults if isinstance(refused, PolicyError) else (str(refused),)


def _saved(version: int) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(f"/console/?done={version}")
