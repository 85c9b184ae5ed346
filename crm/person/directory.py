"""A platform's contacts against the people on record: who is whom, who has gone, and how sure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crm.person.file import normal_mobile
from crm.person.identity import Known

CREATED, UPDATED, DELETED = "created", "updated", "deleted"
_CHANGES = {
    **{word: word for word in (CREATED, UPDATED, DELETED)},
    "create_user": CREATED,
    "update_user": UPDATED,
    "delete_user": DELETED,
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A member as a platform's contacts have them; `departments` are ids."""

    id: int
    user: str
    name: str
    mobile: str = ""
    departments: tuple[str, ...] = ()
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Parting:
    """Who has gone from the contacts; not to be believed without an admin if `why` says so."""

    gone: tuple[int, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What a platform told about some of its members."""

    change: str
    users: tuple[str, ...]
    name: str = ""
    mobile: str = ""
    departments: tuple[str, ...] = ()
    new_user: str = ""  # the member's id from now on, if it was changed


def contact_change(facts: Mapping[str, str]) -> ContactChange | None:
    """The change in a notice's facts; None if it is about no member (a department, a tag …).

    A member who was frozen or has resigned counts as deleted. Name and mobile are one person's,
    so they mean nothing when several are named.
    """
    change = _CHANGES.get(facts.get("change_type", ""))
    users = _parts(facts.get("user", ""))
    if change is None or not users or facts.get("external_user"):
        return None
    if facts.get("active") == "false":
        change = DELETED
    if len(users) > 1:
        return ContactChange(change, users)
    return ContactChange(
        change,
        users,
        facts.get("name", ""),
        normal_mobile(facts.get("mobile", "")),
        _parts(facts.get("departments", "")),
        facts.get("new_user", ""),
    )


def matches(
    platform: str,
    members: Iterable[Listed],
    known: Iterable[Known],
    *,
    matched: Collection[int] = (),
) -> dict[int, int]:
    """Which members are which people on record: member → person.

    By mobile; else by a name that only one member and only one person has. Those `matched`
    already, and people who have an account on the platform, only count as namesakes. Nobody
    departed comes back by this.
    """
    members = list(members)
    people = {who.id: who for who in known if who.is_present}
    mobiles = {item.id: normal_mobile(item.mobile) for item in members}
    by_mobile = _joined(mobiles, {who.id: who.mobile for who in people.values()})
    by_name = _joined(
        {item.id: item.name for item in members}, {who.id: who.name for who in people.values()}
    )
    found: dict[int, int] = {}
    for member, person in (*by_mobile.items(), *by_name.items()):
        numbers = {mobiles[member], people[person].mobile} - {""}
        is_free = platform not in people[person].accounts and person not in found.values()
        if member not in matched and member not in found and is_free and len(numbers) < 2:
            found[member] = person
    return found


def parting(
    before: Sequence[Listed], missing: Collection[int], *, seen: int, percent: int
) -> Parting:
    """Whether those who are `missing` may be taken as gone.

    Args:
        before: everyone who was there, the missing among them.
        seen: how many members the platform listed this time.
        percent: more than this share at once is for an admin to confirm; one person never is.
    """
    gone = tuple(item.id for item in before if item.id in missing)
    if not gone:
        return Parting()
    if not seen:
        return Parting(gone, "平台这次没有返回任何成员，多半是权限或可见范围变了")
    if len(gone) > max(1, len(before) * percent // 100):
        return Parting(gone, f"在册 {len(before)} 人中有 {len(gone)} 人不见了，超过 {percent}%")
    if _silent(before, set(gone)):
        return Parting(gone, "有部门的成员一下子全部不见了，可能是应用看不到这个部门了")
    return Parting(gone)


def team_by_department(names: Iterable[str], teams: Collection[str]) -> str:
    """The one team that a member's departments name; "" if none or several do."""
    found = {name for name in names if name in teams}
    return found.pop() if len(found) == 1 else ""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a look through one platform's contacts has brought; names are for people to read."""

    platform: str
    members: int = 0
    departments: int = 0
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()  # still here, but no longer on this platform
    moved: tuple[str, ...] = ()
    unmatched: tuple[Listed, ...] = ()
    absent: tuple[str, ...] = ()  # on record with an account that the contacts do not have
    parting: Parting = field(default_factory=Parting)
    fault: str = ""

    @property
    def is_news(self) -> bool:
        """Whether an admin wants to be told of it unasked."""
        return bool(
            self.joined or self.left or self.closed or self.moved or self.parting.why or self.fault
        )


def _joined(left: Mapping[int, str], right: Mapping[int, str]) -> dict[int, int]:
    """Pairs whose word is one's own on both sides; "" is nobody's."""
    ours, theirs = Counter(left.values()), Counter(right.values())
    person = {word: one for one, word in right.items() if theirs[word] == 1}
    return {
        one: person[word]
        for one, word in left.items()
        if word and ours[word] == 1 and word in person
    }


def _silent(before: Iterable[Listed], gone: set[int]) -> bool:
    """Whether a department of two or more has lost everybody at once."""
    sizes: Counter[str] = Counter()
    losses: Counter[str] = Counter()
    for item in before:
        sizes.update(item.departments)
        losses.update(item.departments if item.id in gone else ())
    return any(losses[name] == size for name, size in sizes.items() if size > 1)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
