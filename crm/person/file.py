"""The people file: one line a person, read and refused in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from crm.person.role import Role


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
    line: int = 0  # where it stands in the file; 0 = not from a file


COLUMNS = (
    *("name", "role", "team", "store", "manager"),
    *("wecom_userid", "feishu_open_id", "dingtalk_staff_id", "mobile", "skills"),
)
ACCOUNT_COLUMNS = {
    "wecom": "wecom_userid",
    "feishu": "feishu_open_id",
    "dingtalk": "dingtalk_staff_id",
}
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LONGEST = {
    **dict.fromkeys(("name", "team", "store", "manager"), 64),
    **dict.fromkeys(ACCOUNT_COLUMNS.values(), 128),
    "skills": 400,
}


def read_row(line: int, cells: Mapping[str, str]) -> PersonRow | str:
    """A line of the people file, or what is wrong with it in Chinese with line and column."""
    text = {column: (cells.get(column) or "").strip() for column in COLUMNS}
    if not text["name"]:
        return f"第 {line} 行 name：不能为空"
    for column, most in _LONGEST.items():
        if len(text[column]) > most:
            return f"第 {line} 行 {column}：有 {len(text[column])} 个字，最多 {most} 个字"
    names = [part.strip() for part in text["role"].split("|") if part.strip()]
    wrong = [name for name in names if name not in Role.__members__.values()]
    if wrong or not names:
        return f"第 {line} 行 role：「{text['role']}」不可用，可填 {'、'.join(Role)}，多个用 | 连接"
    mobile = normal_mobile(text["mobile"])
    if text["mobile"] and not mobile:
        return f"第 {line} 行 mobile：「{text['mobile']}」不是 11 位手机号，请改正或留空"
    accounts = {
        platform: text[column] for platform, column in ACCOUNT_COLUMNS.items() if text[column]
    }
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
        line=line,
    )


def normal_mobile(text: str) -> str:
    """A mainland mobile as eleven digits, whatever stands before or between; "" if it is none."""
    digits = re.sub(r"^(\+|00)?86", "", re.sub(r"[\s()-]", "", text))
    return digits if _MOBILE.fullmatch(digits) else ""
