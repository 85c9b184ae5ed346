"""The organisation's departments and people, one department a page.

Source: open.dingtalk.com, topapi/v2/department/listsub and topapi/v2/user/list (contacts: not
billed). Neither looks below its own level, so the cursor carries the departments still to visit.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from bot.adapter import Department, Member, Page, UndeliverableError
from bot.dingtalk.client import Client, listed
from bot.dingtalk.reading import inner, words
from bot.event import Json

log = logging.getLogger(__name__)

ROOT = "1"
SIZE = 100  # people a call
SUBS = "/topapi/v2/department/listsub"
PEOPLE = "/topapi/v2/user/list"


async def page(client: Client, cursor: str) -> Page:
    """A page of what the app may see; "" begins. Somebody in two departments comes twice.

    A department below the root that is refused is left out. Raises TransientError or
    UndeliverableError.
    """
    at, waiting = _read(cursor)
    here = waiting[0]
    departments: tuple[Department, ...] = ()
    try:
        if not at:
            departments = await _below(client, here)
        result = inner(await client.ask(PEOPLE, _asked(here, at)), "result")
    except UndeliverableError as refused:
        if here == ROOT:
            raise
        log.warning("department left out", extra={"department": here, "code": refused.code})
        result = {}
    members = tuple(_member(item) for item in _objects(result, "list"))
    following, rest = result.get("next_cursor"), [*waiting[1:], *(d.id for d in departments)]
    root = (Department(ROOT, "全组织"),) if here == ROOT and not at else ()
    page_cursor = _written(0, rest)
    if result.get("has_more") is True and isinstance(following, int) and following > at:
        page_cursor = _written(following, [here, *rest])
    return Page(members, root + departments, page_cursor)


def _asked(department: str, at: int) -> Json:
    return {"dept_id": int(department), "cursor": at, "size": SIZE}


async def _below(client: Client, department: str) -> tuple[Department, ...]:
    answer = await client.ask(SUBS, {"dept_id": int(department)})
    found = (
        Department(words(item.get("dept_id")), words(item.get("name")), department)
        for item in _objects(answer, "result")
    )
    return tuple(item for item in found if item.id.isdigit() and item.id != department)


def _member(item: Json) -> Member:
    departments = (words(number) for number in listed(item, "dept_id_list"))
    return Member(
        words(item.get("userid")),
        words(item.get("name")),
        words(item.get("mobile")),  # only with the permission for it
        tuple(filter(None, departments)),
        item.get("active") is not False,
    )


def _objects(body: Json, name: str) -> list[dict[str, Any]]:
    return [item for item in listed(body, name) if isinstance(item, dict)]


def _written(at: int, waiting: list[str]) -> str:
    """The cursor: how far the first department is read, and the departments to visit."""
    return json.dumps([at, *waiting], separators=(",", ":")) if waiting else ""


def _read(cursor: str) -> tuple[int, list[str]]:
    if not cursor:
        return 0, [ROOT]
    try:
        at, *waiting = json.loads(cursor)
        if waiting and isinstance(at, int) and all(str(one).isdecimal() for one in waiting):
            return at, [str(one) for one in waiting]
    except (ValueError, TypeError):
        pass
    raise UndeliverableError("cursor", "通讯录同步的位置无效", "请重新开始同步")
