"""Feishu's address book: the desk's residents, in departments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Desk, Json, Resident
from bot.emulator.feishu_chats import PLATFORM, union_id
from bot.emulator.feishu_content import RefusalError
from bot.emulator.feishu_gate import Gate, done, json_body

ROOT = "0"
MOST = 50
WRONG, NOT_FOUND = 40001, 40003  # the pages name a code each; these are their common ones


@dataclass(frozen=True, slots=True)
class Office:
    """A department; residents named in no office belong to the root's first."""

    id: str
    name: str
    parent: str = ROOT
    members: tuple[str, ...] = ()


class AddressBook:
    """Departments and people. `mobiles` and `emails` tell a person's open_id by each."""

    def __init__(
        self,
        desk: Desk,
        gate: Gate,
        *,
        offices: Sequence[Office] = (),
        mobiles: Mapping[str, str] | None = None,
        emails: Mapping[str, str] | None = None,
    ) -> None:
        self._desk = desk
        self._gate = gate
        self.offices = {one.id: one for one in offices or (Office("od-sales", "销售部"),)}
        self._known = {"mobile": dict(mobiles or {}), "email": dict(emails or {})}

    def routes(self) -> list[web.RouteDef]:
        base = "/open-apis/contact/v3"
        table = [
            ("GET", f"{base}/departments/{{id}}/children", self._children),
            ("GET", f"{base}/users/find_by_department", self._members),
            ("GET", f"{base}/users/{{id}}", self._one),
            ("POST", f"{base}/users/batch_get_id", self._ids),
        ]
        return [
            web.route(verb, at, self._gate.guarded(verb + at, work)) for verb, at, work in table
        ]

    def person(self, user: str) -> Json:
        """A person's profile as the API and the events show it; LookupError for nobody."""
        resident = next((one for one in self._people() if one.user == user), None)
        if resident is None:
            raise LookupError(user)
        mobile = next((m for m, who in self._known["mobile"].items() if who == user), "")
        return {
            "open_id": user,
            "union_id": union_id(user),
            "name": resident.name,
            "job_title": resident.title,
            "status": {"is_frozen": False, "is_resigned": False, "is_activated": True},
            "department_ids": self._offices_of(user),
            **({"mobile": mobile} if mobile else {}),
        }

    def department(self, id: str) -> Json:
        office = self.offices[id]
        return {
            "name": office.name,
            "department_id": office.id.removeprefix("od-"),
            "open_department_id": office.id,
            "parent_department_id": office.parent,
            "status": {"is_deleted": False},
        }

    def _people(self) -> list[Resident]:
        return [one for one in self._desk.residents if one.platform == PLATFORM]

    def _offices_of(self, user: str) -> list[str]:
        named = [one.id for one in self.offices.values() if user in one.members]
        return named or [next(iter(self.offices))]

    async def _children(self, call: Call) -> Answer:
        top = call.match["id"]
        if top != ROOT and top not in self.offices:
            raise RefusalError(NOT_FOUND, "department not found")
        found, parents = [], {top}
        deep = call.query.get("fetch_child") == "true"
        for office in self._in_order():
            if office.parent in parents:
                found.append(self.department(office.id))
                parents |= {office.id} if deep else set()
        return _page(call, found)

    def _in_order(self) -> list[Office]:
        """Parents before their children."""
        done_ids, order, left = {ROOT}, list[Office](), list(self.offices.values())
        while left:
            ready = [one for one in left if one.parent in done_ids]
            if not ready:
                break
            order += ready
            done_ids |= {one.id for one in ready}
            left = [one for one in left if one.id not in done_ids]
        return order

    async def _members(self, call: Call) -> Answer:
        asked = call.query.get("department_id", "")
        if asked != ROOT and asked not in self.offices:
            raise RefusalError(NOT_FOUND, "department not found")
        people = [self.person(one.user) for one in self._people()]
        return _page(call, [one for one in people if asked in one["department_ids"]])

    async def _one(self, call: Call) -> Answer:
        try:
            return done({"user": self.person(call.match["id"])})
        except LookupError as fault:
            raise RefusalError(NOT_FOUND, "user not found") from fault

    async def _ids(self, call: Call) -> Answer:
        asked, found = json_body(call), list[Json]()
        for name, many in (("email", "emails"), ("mobile", "mobiles")):
            values: Any = asked.get(many, [])
            if not isinstance(values, list) or len(values) > MOST:
                raise RefusalError(WRONG, f"{many}: at most {MOST}")
            for value in values:
                user = self._known[name].get(value)
                found.append({name: value} | ({"user_id": user} if user else {}))
        return done({"user_list": found})


def _page(call: Call, items: list[Json]) -> Answer:
    size, at = call.query.get("page_size", "10"), call.query.get("page_token", "0")
    if not size.isdigit() or not 0 < int(size) <= MOST or not at.isdigit():
        raise RefusalError(WRONG, f"page_size is 1 to {MOST}")
    end = int(at) + int(size)
    more = end < len(items)
    page = {"items": items[int(at) : end], "has_more": more}
    return done(page | ({"page_token": str(end)} if more else {}))
