"""Who works here: roles, teams, and the people file that brings them in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person does; one may do several things."""

    REP = "rep"
    MANAGER = "manager"
    DIRECTOR = "director"
    STAFF = "staff"
    STORE_MANAGER = "store_manager"
    ADMIN = "admin"
    ETHICS_OFFICER = "ethics_officer"
    LEGAL = "legal"
    FINANCE = "finance"
    PARTNER = "partner"


ROLE_WORDS = {
    Role.REP: "销售代表",
    Role.MANAGER: "销售经理",
    Role.DIRECTOR: "销售总监",
    Role.STAFF: "店员",
    Role.STORE_MANAGER: "店长",
    Role.ADMIN: "管理员",
    Role.ETHICS_OFFICER: "销售科技伦理官",
    Role.LEGAL: "法务",
    Role.FINANCE: "财务",
    Role.PARTNER: "合作伙伴",
}

PLATFORMS = ("wecom", "feishu", "dingtalk")


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the tenant. `accounts` maps a platform to this person's id there."""

    id: int
    tenant: str
    name: str
    roles: frozenset[Role]
    team: str
    store: str
    manager: str  # the manager's name, as the people file has it
    skills: tuple[str, ...]
    accounts: Mapping[str, str]

    def is_any(self, roles: Iterable[Role]) -> bool:
        return bool(self.roles & frozenset(roles))

    @property
    def title(self) -> str:
        """Roles in words, with the store or team: "店长 · 望京店"."""
        words = "、".join(ROLE_WORDS[role] for role in Role if role in self.roles)
        return " · ".join(part for part in (words, self.store or self.team) if part)

    @property
    def home(self) -> str:
        """The platform this person works in: store people DingTalk, managers Feishu, reps WeCom."""
        if self.is_any((Role.STAFF, Role.STORE_MANAGER)):
            order = ("dingtalk", "wecom", "feishu")
        elif self.is_any((Role.MANAGER, Role.DIRECTOR)):
            order = ("feishu", "wecom", "dingtalk")
        else:
            order = ("wecom", "feishu", "dingtalk")
        return next((platform for platform in order if self.accounts.get(platform)), "")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One good line of a people file."""

    name: str
    roles: frozenset[Role]
    team: str
    store: str
    manager: str
    mobile: str
    skills: tuple[str, ...]
    accounts: Mapping[str, str]


COLUMNS = (
    *("name", "role", "team", "store", "manager"),
    *("wecom_userid", "feishu_open_id", "dingtalk_staff_id", "mobile", "skills"),
)
_ACCOUNT = {
    "wecom": "wecom_userid",
    "feishu": "feishu_open_id",
    "dingtalk": "dingtalk_staff_id",
}
_MOBILE = re.compile(r"1[3-9]\d{9}")


def read_row(line: int, cells: Mapping[str, str]) -> PersonRow | str:
    """A line of the people file, or what is wrong with it in Chinese with line and column."""
    text = {column: (cells.get(column) or "").strip() for column in COLUMNS}
    if not text["name"]:
        return f"第 {line} 行 name：不能为空"
    names = [part.strip() for part in text["role"].split("|") if part.strip()]
    wrong = [name for name in names if name not in Role.__members__.values()]
    if wrong or not names:
        return f"第 {line} 行 role：「{text['role']}」不可用，可填 {'、'.join(Role)}，多个用 | 连接"
    mobile = re.sub(r"[\s-]|^\+?86", "", text["mobile"])
    if mobile and not _MOBILE.fullmatch(mobile):
        return f"第 {line} 行 mobile：「{text['mobile']}」不是 11 位手机号，请改正或留空"
    accounts = {platform: text[column] for platform, column in _ACCOUNT.items() if text[column]}
    if "wecom" in accounts:  # WeCom treats userids as case-insensitive and answers in lower case
        accounts["wecom"] = accounts["wecom"].lower()
    if not accounts:
        return f"第 {line} 行：wecom_userid、feishu_open_id、dingtalk_staff_id 至少填一个"
    return PersonRow(
        name=text["name"],
        roles=frozenset(Role(name) for name in names),
        team=text["team"],
        store=text["store"],
        manager=text["manager"],
        mobile=mobile,
        skills=tuple(part.strip() for part in text["skills"].split("|") if part.strip()),
        accounts=accounts,
    )
