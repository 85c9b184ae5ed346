"""The people and departments that the app may see, page by page.

Source: wecom.md §4.2: department/simplelist, user/simplelist, user/list_id, user/get. What the
app may read depends on when it was made and from which address it calls, so each refusal of a
richer list leads to a poorer one.
"""

from __future__ import annotations

from typing import Any

from bot.adapter import Department, Member, Page, UndeliverableError
from bot.event import Json
from bot.wecom.client import Client

_NOT_ALLOWED = {"48002", "48009", "60011"}
_IDS_A_PAGE = 100
_GONE = {2, 5}  # status of a disabled, and of a departed member
_BY_DEPARTMENT, _BY_ID = "d", "i"


class Directory:
    """A walk over the corp; the cursor "d7" means department 7 is done, "i…" is list_id's own."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def page(self, cursor: str) -> Page:
        """The departments first, then each one's members. Raises as `Adapter.deliver`."""
        kind, rest = cursor[:1], cursor[1:]
        if kind == _BY_ID:
            return await self._ids(rest)
        departments = await self._departments()
        if not cursor:
            return Page(departments=departments, cursor=f"{_BY_DEPARTMENT}0")
        done = int(rest) if rest.isascii() and rest.isdigit() else 0
        left = sorted(int(one.id) for one in departments if int(one.id) > done)
        if not left:
            return Page()
        try:
            answer = await self._client.get(
                "user/simplelist", {"department_id": str(left[0]), "fetch_child": "0"}
            )
        except UndeliverableError as fault:
            if fault.code not in _NOT_ALLOWED:
                raise
            return await self._ids("")
        after = f"{_BY_DEPARTMENT}{left[0]}" if len(left) > 1 else ""
        return Page(members=_members(answer.get("userlist")), cursor=after)

    async def _departments(self) -> tuple[Department, ...]:
        """With names where the app may read them, else ids alone."""
        try:
            answer = await self._client.get("department/list")
        except UndeliverableError as fault:
            if fault.code not in _NOT_ALLOWED:
                raise
            answer = await self._client.get("department/simplelist")
        rows = answer.get("department_id") or answer.get("department") or ()
        return tuple(
            Department(str(row["id"]), _text(row.get("name")), _parent(row))
            for row in rows
            if isinstance(row, dict) and str(row.get("id", "")).isdigit()
        )

    async def _ids(self, cursor: str) -> Page:
        """Members by id alone, with what user/get adds to each where it may be called."""
        body: Json = {"limit": _IDS_A_PAGE} | ({"cursor": cursor} if cursor else {})
        answer = await self._client.post("user/list_id", body)
        found: dict[str, list[str]] = {}
        for row in _rows(answer.get("dept_user")):
            found.setdefault(_text(row.get("userid")), []).append(str(row.get("department", "")))
        members, may_read = [], True
        for user, departments in found.items():
            member = Member(user.lower(), "", departments=tuple(departments)) if user else None
            if member and may_read:
                member, may_read = await self._profile(member)
            members += [member] if member else []
        after = _text(answer.get("next_cursor"))
        return Page(members=tuple(members), cursor=f"{_BY_ID}{after}" if after else "")

    async def _profile(self, member: Member) -> tuple[Member, bool]:
        """The member with name and all, and whether asking for others makes sense."""
        try:
            answer = await self._client.get("user/get", {"userid": member.user})
        except UndeliverableError as fault:
            return member, fault.code not in _NOT_ALLOWED - {"60011"}
        (known,) = _members([{"userid": member.user, **answer}])
        return known, True


def _members(rows: Any) -> tuple[Member, ...]:
    return tuple(
        Member(
            user=_text(row.get("userid")).lower(),
            name=_text(row.get("name")),
            mobile=_text(row.get("mobile")),
            departments=tuple(str(one) for one in row.get("department") or ()),
            is_active=row.get("status") not in _GONE,
        )
        for row in _rows(rows)
        if _text(row.get("userid"))
    )


def _rows(value: Any) -> list[Json]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _parent(row: Json) -> str:
    parent = str(row.get("parentid", 0))
    return "" if parent == "0" else parent


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
