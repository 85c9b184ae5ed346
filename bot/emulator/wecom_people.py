"""The corp's directory as an app sees it: the desk's residents in two departments.

Source: developer.work.weixin.qq.com/document/path/90196 (apps made after 2022-06-20 get no phone
number), 90200, 90208, 95350, 96067.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.emulator.calls import Answer, Call
from bot.emulator.desk import Desk, Json, Resident
from bot.emulator.wecom_check import RefusedError
from bot.emulator.wecom_gate import ok

ROOT, SALES = 1, 2
DEPARTMENTS = {ROOT: ("示例公司", 0), SALES: ("销售部", ROOT)}
MOST_IDS = 10_000


class People:
    """Everyone works in the sales department, which is the root's only child."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> dict[str, tuple[str, Callable[[Call], Answer]]]:
        return {
            "user/get": ("GET", self._get),
            "user/simplelist": ("GET", self._simple),
            "user/list_id": ("POST", self._ids),
            "department/simplelist": ("GET", self._tree),
            "department/list": ("GET", self._names),
        }

    def _members(self) -> list[Resident]:
        return [one for one in self._desk.residents if one.platform == "wecom"]

    def _get(self, call: Call) -> Answer:
        wanted = call.query.get("userid", "").lower()
        found = next((one for one in self._members() if one.user.lower() == wanted), None)
        if found is None:
            raise RefusedError(60111, "userid not found")
        return ok(**_brief(found), position=found.title, status=1, main_department=SALES)

    def _simple(self, call: Call) -> Answer:
        department = _number(call.query.get("department_id", ""))
        below = call.query.get("fetch_child") == "1" and department == ROOT
        members = self._members() if department == SALES or below else []
        return ok(userlist=[_brief(one) for one in members])

    def _ids(self, call: Call) -> Answer:
        body = call.body if isinstance(call.body, dict) else {}
        limit = body.get("limit", MOST_IDS)
        if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST_IDS:
            raise RefusedError(40058, "limit: 1 to 10000")
        cursor = str(body.get("cursor") or "0")
        if not cursor.isdecimal():
            raise RefusedError(40058, "invalid cursor")
        start = int(cursor)
        members = self._members()
        page = [{"userid": one.user, "department": SALES} for one in members[start : start + limit]]
        following = str(start + limit) if start + limit < len(members) else ""
        return ok(next_cursor=following, dept_user=page)

    def _tree(self, call: Call) -> Answer:
        found = [{k: one[k] for k in ("id", "parentid", "order")} for one in _below(call)]
        return ok(department_id=found)

    def _names(self, call: Call) -> Answer:
        return ok(department=_below(call))


def _below(call: Call) -> list[Json]:
    top = _number(call.query.get("id", str(ROOT)))
    return [
        {"id": number, "name": name, "parentid": parent, "order": number}
        for number, (name, parent) in DEPARTMENTS.items()
        if top in (number, parent)
    ]


def _brief(one: Resident) -> Json:
    return {"userid": one.user, "name": one.name, "department": [SALES]}


def _number(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number not in DEPARTMENTS:
        raise RefusedError(60003, "department not found")
    return number
