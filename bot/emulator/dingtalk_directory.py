"""DingTalk's contacts: the desk's residents, a department for each title.

Source: open.dingtalk.com/document/development pages obtain-the-department-list-v2 (listsub),
queries-the-complete-information-of-a-department-user (user/list), query-users-by-phone-number.
"""

from __future__ import annotations

from typing import Any

from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Desk, Json, Resident
from bot.emulator.dingtalk_check import RefusedError

ROOT = 1
MAX_SIZE = 100
NO_DEPARTMENT, NO_USER, BAD_PARAMETER = "60003", "60121", "40035"


class Directory:
    """What contacts calls answer; `mobiles` has people's numbers by user id."""

    def __init__(self, desk: Desk, mobiles: dict[str, str] | None = None) -> None:
        self._desk = desk
        self._mobiles = mobiles or {}

    def departments(self, call: Call) -> Answer:
        """Children of a department, one level."""
        parent = self._department(call.body)
        found = [
            {"dept_id": ident, "name": name, "parent_id": ROOT, "auto_add_user": True}
            for name, ident in self._titles().items()
        ]
        return _ok(found if parent == ROOT else [])

    def members(self, call: Call) -> Answer:
        """Members of one department, not of those below; `cursor` counts from 0."""
        department = self._department(call.body)
        cursor, size = _number(call.body, "cursor", -1), _number(call.body, "size", 0)
        if cursor < 0 or not 1 <= size <= MAX_SIZE:
            raise RefusedError(BAD_PARAMETER, f"cursor from 0, size 1 to {MAX_SIZE}")
        found = [self._member(one) for one in self._people() if self._of(one) == department]
        page: Json = {"has_more": cursor + size < len(found), "list": found[cursor : cursor + size]}
        if page["has_more"]:
            page["next_cursor"] = cursor + size
        return _ok(page)

    def user(self, call: Call) -> Answer:
        """One person."""
        wanted = (call.body or {}).get("userid", "")
        for one in self._people():
            if one.user == wanted:
                return _ok(self._member(one))
        raise RefusedError(NO_USER, "找不到该用户")

    def by_mobile(self, call: Call) -> Answer:
        """The user id of a telephone number."""
        wanted = (call.body or {}).get("mobile", "")
        for one in self._people():
            if wanted and self._mobile(one) == wanted:
                return _ok({"userid": one.user})
        raise RefusedError(NO_USER, "找不到该用户")

    def _people(self) -> list[Resident]:
        return [one for one in self._desk.residents if one.platform == "dingtalk"]

    def _titles(self) -> dict[str, int]:
        titles = dict.fromkeys(one.title for one in self._people() if one.title)
        return {title: ROOT + number for number, title in enumerate(titles, 1)}

    def _of(self, one: Resident) -> int:
        return self._titles().get(one.title, ROOT)

    def _department(self, body: Any) -> int:
        wanted = _number(body, "dept_id", 0)
        if wanted != ROOT and wanted not in self._titles().values():
            raise RefusedError(NO_DEPARTMENT, "部门不存在")
        return wanted

    def _mobile(self, one: Resident) -> str:
        """Their number, or one that belongs to nobody."""
        made_up = f"1380000{self._people().index(one):04d}"
        return self._mobiles.get(one.user, made_up)

    def _member(self, one: Resident) -> Json:
        return {
            "userid": one.user,
            "unionid": f"union-{one.user}",
            "name": one.name,
            "title": one.title,
            "mobile": self._mobile(one),
            "dept_id_list": [self._of(one)],
            "active": True,
        }


def _number(body: Any, name: str, default: int) -> int:
    value = body.get(name, default) if isinstance(body, dict) else default
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _ok(result: Any) -> Answer:
    return Answer({"errcode": 0, "errmsg": "ok", "result": result, "request_id": "emulated"})
