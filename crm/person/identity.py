"""Who is who: which lines of a people file mean the same person, and which known person that is.

The same account is the same person, so is the same mobile; without either, the same name in the
same team and store. Nothing depends on the order of the lines: lines that contradict each other
are all refused, so none of them wins by coming last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crm.person.file import ACCOUNT_COLUMNS, PersonRow
from crm.person.role import Role

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody on record, present or departed."""

    id: int
    name: str
    roles: frozenset[Role]
    team: str
    store: str
    manager: str
    mobile: str
    skills: tuple[str, ...]
    accounts: Mapping[str, str]
    is_present: bool = True

    @property
    def place(self) -> Key:
        return (self.name, self.team, self.store)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file says about one person, all its lines together; `known` is None for a new one."""

    row: PersonRow
    lines: tuple[int, ...]
    known: Known | None = None

    @property
    def place(self) -> Key:
        return (self.row.name, self.row.team, self.row.store)

    @property
    def is_unchanged(self) -> bool:
        """Whether the record says all this already."""
        known, row = self.known, self.row
        return (
            known is not None
            and known.is_present
            and known.place == self.place
            and (known.roles, known.manager, known.skills) == (row.roles, row.manager, row.skills)
            and row.mobile in ("", known.mobile)
            and row.accounts.items() <= known.accounts.items()
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import will do, and what it refuses, in the order of the lines."""

    entries: tuple[Entry, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()


@dataclass
class _Group:
    """Lines that mean one person, and the people on record that they point to."""

    rows: list[PersonRow] = field(default_factory=list)
    known: dict[int, tuple[Known, PersonRow, str]] = field(default_factory=dict)
    """person → who it is, the line that points there, the column by which it does."""


def plan(known: Iterable[Known], rows: Iterable[PersonRow]) -> Plan:
    """Match the lines of a file with the people on record."""
    record = _Record(known)
    entries: list[Entry] = []
    faults: list[tuple[int, str]] = []
    groups = _groups(sorted(rows, key=_order), record)
    meant = {person for group in groups for person in group.known}
    for group in groups:
        found = _entry(group, record, meant)
        if isinstance(found, Entry):
            entries.append(found)
        else:
            faults += found
    kept, crowded = _apart(entries, record)
    faults += crowded
    kept.sort(key=lambda entry: entry.lines)
    return Plan(tuple(kept), tuple(sorted(faults)))


class _Record:
    """The people on record by what they may be known by; the departed only as a last resort."""

    def __init__(self, known: Iterable[Known]) -> None:
        self.everyone = tuple(known)
        self.by_account: dict[Key, Known] = {}
        self.by_mobile: dict[str, Known] = {}
        self.by_place: dict[Key, Known] = {}
        for who in self.everyone:
            self.by_place[who.place] = who
            for account in who.accounts.items():
                self.by_account[account] = who
            if who.mobile and (who.is_present or who.mobile not in self.by_mobile):
                self.by_mobile[who.mobile] = who

    def pointed_at(self, row: PersonRow) -> Iterator[tuple[Known, str]]:
        """Whom a line means by account or mobile, with the column.

        A departed person's account or number may have been given to somebody of another name.
        """
        for account in row.accounts.items():
            who = self.by_account.get(account)
            if who and (who.is_present or who.name == row.name):
                yield who, ACCOUNT_COLUMNS[account[0]]
        who = self.by_mobile.get(row.mobile) if row.mobile else None
        if who and (who.is_present or who.name == row.name):
            yield who, "mobile"


def _groups(rows: Sequence[PersonRow], record: _Record) -> list[_Group]:
    """Lines joined by an account, a mobile, a name in its place, or the person they point to."""
    owner: dict[Key, int] = {}
    parent = list(range(len(rows)))

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    for number, row in enumerate(rows):
        keys: list[Key] = [("account", *account) for account in row.accounts.items()]
        keys.append(("place", row.name, row.team, row.store))
        keys += [("mobile", row.mobile)] if row.mobile else []
        keys += [("known", str(who.id)) for who, _ in record.pointed_at(row)]
        for key in keys:
            first, second = root(owner.setdefault(key, number)), root(number)
            parent[max(first, second)] = min(first, second)
    groups: dict[int, _Group] = {}
    for number, row in enumerate(rows):
        group = groups.setdefault(root(number), _Group())
        group.rows.append(row)
        for who, column in record.pointed_at(row):
            group.known.setdefault(who.id, (who, row, column))
    return list(groups.values())


def _entry(group: _Group, record: _Record, meant: Collection[int]) -> Entry | list[tuple[int, str]]:
    """The group as one person, or what is wrong with each of its lines.

    Whoever is among `meant` has lines that point there, and is not meant by mere name too.
    """
    row = _merged(group.rows)
    if isinstance(row, list):
        return row
    lines = tuple(sorted(item.line for item in group.rows))
    if len(group.known) > 1:
        return _pulled_apart(group)
    if group.known:
        ((who, pointing, column),) = group.known.values()
        if who.name != row.name and _evidence(row, who) < 2:
            return _taken(group, pointing, column, who)
        return Entry(row, lines, who)
    who_there = record.by_place.get((row.name, row.team, row.store))
    if who_there and who_there.id in meant:
        who_there = None
    if who_there and who_there.is_present and _is_somebody_else(row, who_there):
        words = f"{_where(row)}已有一位「{row.name}」，手机号不同；若是另一人请在姓名后加以区分"
        return [(item.line, f"第 {item.line} 行 name：{words}") for item in group.rows]
    return Entry(row, lines, who_there)


def _merged(rows: Sequence[PersonRow]) -> PersonRow | list[tuple[int, str]]:
    """Several lines about one person as one: what one leaves empty another may say."""
    if len(rows) == 1:
        return rows[0]
    for column in ("name", "team", "store", "manager", "mobile"):
        told = {getattr(row, column) for row in rows} - {""}
        if len(told) > 1:
            return _contradicted(rows, column)
    accounts: dict[str, str] = {}
    for row in rows:
        for platform, user in row.accounts.items():
            if accounts.setdefault(platform, user) != user:
                return _contradicted(rows, ACCOUNT_COLUMNS[platform])
    return PersonRow(
        name=rows[0].name,
        roles=frozenset(role for row in rows for role in row.roles),
        team=max(row.team for row in rows),
        store=max(row.store for row in rows),
        manager=max(row.manager for row in rows),
        mobile=max(row.mobile for row in rows),
        skills=tuple(sorted({skill for row in rows for skill in row.skills})),
        accounts=accounts,
        line=rows[0].line,
    )


def _apart(entries: Sequence[Entry], record: _Record) -> tuple[list[Entry], list[tuple[int, str]]]:
    """Nobody may end up with the name, team and store of somebody else."""
    moving = {entry.known.id for entry in entries if entry.known}
    taken: dict[Key, int] = {}
    for entry in entries:
        taken[entry.place] = taken.get(entry.place, 0) + 1
    for who in record.everyone:
        if who.id not in moving:
            taken[who.place] = taken.get(who.place, 0) + 1
    kept = [entry for entry in entries if taken[entry.place] == 1]
    faults = [
        (
            line,
            f"第 {line} 行 name：{_where(entry.row)}已有另一位「{entry.row.name}」，请加以区分",
        )
        for entry in entries
        if taken[entry.place] > 1
        for line in entry.lines
    ]
    if not faults:
        return kept, []
    again, more = _apart(kept, record)  # whoever was refused stays where they were
    return again, faults + more


def _contradicted(rows: Sequence[PersonRow], column: str) -> list[tuple[int, str]]:
    faults = []
    for row in rows:
        others = "、".join(str(item.line) for item in rows if item is not row)
        words = f"与第 {others} 行是同一人（账号、手机号或姓名团队相同），但这一列不一致"
        faults.append((row.line, f"第 {row.line} 行 {column}：{words}"))
    return faults


def _pulled_apart(group: _Group) -> list[tuple[int, str]]:
    """The lines point to several people: say which column points to whom."""
    faults = []
    told = "、".join(f"{column} 属于 {who.name}" for who, _, column in group.known.values())
    own = [item for item in group.known.values() if item[0].name != group.rows[0].name]
    for row in group.rows:
        column = next((item[2] for item in own if item[1] is row), "name")
        faults.append(
            (
                row.line,
                f"第 {row.line} 行 {column}：指向了不同的人（{told}），不能拿走别人的账号",
            )
        )
    return faults


def _taken(group: _Group, pointing: PersonRow, column: str, who: Known) -> list[tuple[int, str]]:
    value = (
        "这个手机号"
        if column == "mobile"
        else f"「{next(pointing.accounts[p] for p, c in ACCOUNT_COLUMNS.items() if c == column)}」"
    )
    words = (
        f"{value}已是 {who.name} 的；如是改名，请把账号和原手机号都填上；"
        f"如 {who.name} 已离职，请先处理离职"
    )
    return [(row.line, f"第 {row.line} 行 {column}：{words}") for row in group.rows]


def _evidence(row: PersonRow, who: Known) -> int:
    """How many accounts and numbers agree: a new name needs two."""
    same = len(set(row.accounts.items()) & set(who.accounts.items()))
    return same + bool(row.mobile and row.mobile == who.mobile)


def _is_somebody_else(row: PersonRow, who: Known) -> bool:
    return bool(row.mobile and who.mobile and row.mobile != who.mobile)


def _where(row: PersonRow) -> str:
    place = " ".join(part for part in (row.team, row.store) if part)
    return f"「{place}」" if place else "未填团队和门店的人员里"


def _order(row: PersonRow) -> tuple[object, ...]:
    """An order of its own, so that a file means the same however its lines are sorted."""
    accounts = tuple(sorted(row.accounts.items()))
    return (row.name, row.team, row.store, row.mobile, accounts, row.manager, row.line)
