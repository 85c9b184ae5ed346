"""The company's people and departments, page by page, as far as the app may see them."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote

from bot.adapter import Department, Member, Page, UndeliverableError
from bot.event import Json
from bot.feishu.client import Client
from bot.feishu.contact import is_active, mobile
from bot.feishu.shape import listed, record, words

ROOT = "0"
PAGE = 50
MAX_SCOPE_PAGES = 50  # of 100 entries: a range listed one by one is never so long


@dataclass
class Walk:
    """Where a walk stands: departments to read, trees to open, people visible one by one.

    `token` continues the first of `departments`, `branch` the first of `trees`.
    """

    departments: list[str] = field(default_factory=lambda: [ROOT])
    trees: list[str] = field(default_factory=lambda: [ROOT])
    people: list[str] = field(default_factory=list)
    token: str = ""
    branch: str = ""

    def cursor(self) -> str:
        """The walk as an opaque cursor; "" at its end."""
        if not (self.departments or self.trees or self.people):
            return ""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()


async def page(client: Client, cursor: str) -> Page:
    """One page; somebody in two departments comes twice. Raises as `deliver`."""
    walk = _walk(cursor)
    if walk.departments:
        try:
            return await _members(client, walk)
        except UndeliverableError:
            # the root is closed to an app whose range is less than everybody: read the range
            if walk.departments != [ROOT] or walk.token:
                raise
        return await _range(client)
    if walk.trees:
        return await _branches(client, walk)
    return await _people(client, walk)


def _walk(cursor: str) -> Walk:
    if not cursor:
        return Walk()
    try:
        return Walk(**json.loads(base64.urlsafe_b64decode(cursor)))
    except (ValueError, TypeError) as fault:
        raise UndeliverableError("cursor", "通讯录同步的位置无效", "请重新开始同步") from fault


async def _members(client: Client, walk: Walk) -> Page:
    """Direct members of the next department."""
    params = {"department_id": walk.departments[0], "page_token": walk.token}
    data = await _get(client, "/contact/v3/users/find_by_department", params)
    walk.token = _next(data)
    if not walk.token:
        walk.departments.pop(0)
    return Page(members=_read_members(data), cursor=walk.cursor())


async def _branches(client: Client, walk: Walk) -> Page:
    """The departments below the next tree's root, all levels; their members are read next."""
    path = f"/contact/v3/departments/{quote(walk.trees[0], safe='')}/children"
    data = await _get(client, path, {"fetch_child": "true", "page_token": walk.branch})
    departments = _read_departments(data)
    walk.departments += [department.id for department in departments]
    walk.branch = _next(data)
    if not walk.branch:
        walk.trees.pop(0)
    return Page(departments=departments, cursor=walk.cursor())


async def _range(client: Client) -> Page:
    """Begin again from what the app may see: some departments with all below, and some people."""
    walk, token = Walk([], [], []), ""
    for _ in range(MAX_SCOPE_PAGES):
        data = await _get(client, "/contact/v3/scopes", {"page_token": token})
        walk.departments += _ids(data, "department_ids")
        walk.people += _ids(data, "user_ids")
        token = _next(data)
        if not token:
            break
    walk.trees = list(walk.departments)
    departments: tuple[Department, ...] = ()
    for start in range(0, len(walk.trees), PAGE):
        wanted = [("department_ids", one) for one in walk.trees[start : start + PAGE]]
        data = await _get(client, "/contact/v3/departments/batch", wanted)
        departments += _read_departments(data)
    return Page(departments=departments, cursor=walk.cursor())


async def _people(client: Client, walk: Walk) -> Page:
    """The next of the people who are visible one by one."""
    now, walk.people = walk.people[:PAGE], walk.people[PAGE:]
    data = await _get(client, "/contact/v3/users/batch", [("user_ids", one) for one in now])
    return Page(members=_read_members(data), cursor=walk.cursor())


async def _get(client: Client, path: str, params: dict[str, str] | list[tuple[str, str]]) -> Json:
    given = list(params.items()) if isinstance(params, dict) else params
    if isinstance(params, dict):
        given.append(("page_size", str(PAGE)))
    filled: Any = [(name, value) for name, value in given if value]
    reply = await client.api("GET", path, lambda: {"params": filled})
    return record(reply.body, "data")


def _next(data: Json) -> str:
    return words(data, "page_token") if data.get("has_more") is True else ""


def _ids(data: Json, name: str) -> list[str]:
    return [text for text in map(words, listed(data, name)) if text]


def _read_members(data: Json) -> tuple[Member, ...]:
    """Members; what the app has no scope for is missing and stays ""."""
    return tuple(
        Member(
            words(item, "open_id"),
            words(item, "name"),
            mobile(words(item, "mobile")),
            tuple(one for one in map(words, listed(item, "department_ids")) if one),
            is_active(record(item, "status")),
        )
        for item in listed(data, "items")
        if words(item, "open_id")
    )


def _read_departments(data: Json) -> tuple[Department, ...]:
    return tuple(
        Department(words(item, "open_department_id"), words(item, "name"), _parent(item))
        for item in listed(data, "items")
        if words(item, "open_department_id")
    )


def _parent(item: object) -> str:
    parent = words(item, "parent_department_id")
    return "" if parent == ROOT else parent
