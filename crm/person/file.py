"""The people file: one line a person, read and refused in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
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
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_FORMULA = tuple("=+-@＝＋－＠")  # what a spreadsheet runs when the list is exported to it
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols to Unicode, nothing to the eye
_JOINERS = "\u200c\u200d"  # scripts and emoji need them between letters
_WORDS = ("name", "team", "store", "manager", "skills")
_LONGEST = {
    **dict.fromkeys(("name", "team", "store", "manager"), 64),
    **dict.fromkeys(ACCOUNT_COLUMNS.values(), 128),
    "skills": 400,
}


def read_row(line: int, cells: Mapping[str, str]) -> PersonRow | str:
    """A line of the people file, or what is wrong with it in Chinese with line and column."""
    text = {column: (cells.get(column) or "").strip() for column in COLUMNS}
    if not _visible(text["name"]):
        return f"第 {line} 行 name：不能为空"
    for column in COLUMNS:
        if odd := _unwritable(text[column], is_words=column in _WORDS):
            return f"第 {line} 行 {column}：{odd}"
    if text["manager"] == text["name"]:
        return f"第 {line} 行 manager：不能填本人，请填上级的姓名或留空"
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


def manager_cycles(rows: Iterable[PersonRow]) -> list[str]:
    """Lines whose managers lead back to them, in words; a name of several people proves nothing."""
    lines: dict[str, list[PersonRow]] = {}
    for row in rows:
        lines.setdefault(row.name, []).append(row)
    above = {name: found[0].manager for name, found in lines.items() if len(found) == 1}
    warned: list[tuple[int, str]] = []
    seen: set[str] = set()
    for start in above:
        trail: dict[str, None] = {}  # in the order of the climb
        name = start
        while name in above and name not in seen and name not in trail:
            trail[name] = None
            name = above[name]
        seen |= trail.keys()
        if name in trail:
            ring = list(trail)[list(trail).index(name) :]
            warned += [_cycle(lines[who][0].line, len(ring), above[who]) for who in ring]
    return [words for _, words in sorted(warned)]


def _cycle(line: int, size: int, manager: str) -> tuple[int, str]:
    return line, f"第 {line} 行 manager：上级「{manager}」最终又归本人管（{size} 人成环），请核对"


def _visible(text: str) -> str:
    """What of the text can be seen."""
    return "".join(
        char for char in text if unicodedata.category(char)[0] not in "CZ" and char not in _BLANK
    )


def _unwritable(text: str, *, is_words: bool) -> str:
    """What in a cell must not be kept, or ""; `is_words`: people read it, no platform made it."""
    for char in text:
        kind = unicodedata.category(char)
        if (kind in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in _JOINERS) or char in _BLANK:
            return f"含有看不见的字符 U+{ord(char):04X}，请删去后重新填写"
    if text and not _visible(text):
        return "只有看不见的字符，请重新填写或留空"
    first = next(
        (part.strip() for part in text.split("|") if part.strip().startswith(_FORMULA)), ""
    )
    if is_words and first:
        return f"不能以「{first[0]}」开头（表格软件会当作公式）"
    return ""


def normal_mobile(text: str) -> str:
    """A mainland mobile as eleven digits, whatever stands before or between; "" if it is none."""
    plain = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", text))
    digits = re.sub(r"^(\+|00)?86", "", plain)
    return digits if _MOBILE.fullmatch(digits) else ""
