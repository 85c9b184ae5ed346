"""Who is who: the same people whatever the order, and once more changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from crm.person import Known, PersonRow, Role, plan

Person = tuple[object, ...]


def row(name: str = "李娜", line: int = 2, **more: object) -> PersonRow:
    given_: dict[str, object] = {
        "roles": frozenset({Role.REP}),
        "team": "华东",
        "store": "",
        "manager": "",
        "mobile": "",
        "skills": (),
        "accounts": {"wecom": "lina"},
        **more,
    }
    return PersonRow(name=name, line=line, **given_)  # type: ignore[arg-type]


def imported(known: Sequence[Known], rows: Iterable[PersonRow]) -> list[Known]:
    """What is on record after the plan was carried out."""
    after = {who.id: who for who in known}
    done = plan(known, rows)
    for entry in done.entries:
        item, old = entry.row, entry.known
        for number, who in after.items():  # an account has one owner
            kept = {p: u for p, u in who.accounts.items() if item.accounts.get(p) != u}
            after[number] = replace(who, accounts=kept)
        number = old.id if old else max(after, default=0) + 1
        after[number] = Known(
            id=number,
            name=item.name,
            roles=item.roles,
            team=item.team,
            store=item.store,
            manager=item.manager,
            mobile=item.mobile or (old.mobile if old else ""),
            skills=item.skills,
            accounts={**(old.accounts if old else {}), **item.accounts},
        )
    return list(after.values())


def people(known: Iterable[Known]) -> list[Person]:
    return sorted(
        (who.name, who.team, who.store, who.mobile, sorted(who.accounts.items()), who.is_present)
        for who in known
    )


rows = st.builds(
    row,
    name=st.sampled_from(["李娜", "王强", "张伟"]),
    line=st.just(2),
    team=st.sampled_from(["华东", "华南", ""]),
    mobile=st.sampled_from(["", "13900000101", "13900000102", "13900000103"]),
    accounts=st.dictionaries(
        st.sampled_from(["wecom", "feishu", "dingtalk"]), st.sampled_from("abc"), min_size=1
    ),
)


@given(st.lists(rows, max_size=6), st.lists(rows, max_size=6), st.randoms())
def test_any_order_gives_the_same_people(
    before: list[PersonRow], file: list[PersonRow], chance: object
) -> None:
    known = imported([], before)
    shuffled = list(file)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert people(imported(known, file)) == people(imported(known, shuffled))


@given(st.lists(rows, max_size=6), st.lists(rows, max_size=6))
def test_once_more_changes_nothing(before: list[PersonRow], file: list[PersonRow]) -> None:
    after = imported(imported([], before), file)
    assert people(imported(after, [])) == people(after)
    accepted = [entry.row for entry in plan(imported([], before), file).entries]
    again = plan(after, accepted)
    assert all(entry.is_unchanged for entry in again.entries)
    assert not again.faults


@given(st.lists(rows, max_size=8))
def test_no_account_and_no_number_has_two_owners(file: list[PersonRow]) -> None:
    known = imported([], file)
    accounts = [pair for who in known for pair in who.accounts.items()]
    numbers = [who.mobile for who in known if who.mobile]
    assert len(accounts) == len(set(accounts))
    assert len(numbers) == len(set(numbers))


def test_who_changes_team_and_store_stays_one_person() -> None:
    known = imported([], [row()])
    [entry] = plan(known, [row(team="华南", store="望京店")]).entries
    assert entry.known == known[0]
    assert not entry.is_unchanged


def test_two_lines_joined_by_the_mobile_are_one_person() -> None:
    one = row(mobile="13900000101")
    other = row(line=3, mobile="13900000101", team="", accounts={"feishu": "ou_1"})
    [entry] = plan([], [one, other]).entries
    assert entry.row.accounts == {"wecom": "lina", "feishu": "ou_1"}
    assert entry.lines == (2, 3)


def test_another_persons_account_is_refused_with_line_and_column() -> None:
    known = imported([], [row(mobile="13900000101")])
    done = plan(known, [row("王强", 7)])
    assert not done.entries
    assert done.faults[0][1].startswith("第 7 行 wecom_userid：「lina」已是 李娜 的")


def test_a_line_that_points_to_two_people_is_refused() -> None:
    known = imported([], [row(), row("王强", 3, mobile="13900000102", accounts={"wecom": "wq"})])
    done = plan(known, [row("王强", 4, mobile="13900000102")])
    assert not done.entries
    assert "第 4 行 wecom_userid" in done.faults[0][1]
    assert "李娜" in done.faults[0][1]


def test_a_new_name_needs_account_and_number() -> None:
    known = imported([], [row(mobile="13900000101")])
    [entry] = plan(known, [row("李娜娜", mobile="13900000101")]).entries
    assert entry.known == known[0]


def test_a_departed_persons_account_may_be_given_to_somebody_new() -> None:
    known = [replace(who, is_present=False) for who in imported([], [row()])]
    [entry] = plan(known, [row("王强")]).entries
    assert entry.known is None


def test_who_comes_back_is_who_left() -> None:
    known = [replace(who, is_present=False) for who in imported([], [row()])]
    [entry] = plan(known, [row()]).entries
    assert entry.known == known[0]
    assert not entry.is_unchanged


def test_lines_that_contradict_each_other_are_all_refused() -> None:
    done = plan([], [row(), row(line=5, manager="陈静"), row(line=6, manager="钱进")])
    assert not done.entries
    assert [line for line, _ in done.faults] == [2, 5, 6]
    assert "manager" in done.faults[0][1]


def test_two_people_may_swap_teams() -> None:
    other = row(line=3, team="华南", accounts={"wecom": "lina2"})
    known = imported([], [row(), other])
    done = plan(known, [row(team="华南"), replace(other, team="华东")])
    assert not done.faults
    assert {entry.known.id: entry.row.team for entry in done.entries if entry.known} == {
        known[0].id: "华南",
        known[1].id: "华东",
    }


def test_same_name_other_number_is_somebody_else() -> None:
    known = imported([], [row(mobile="13900000101")])
    done = plan(known, [row(line=4, mobile="13900000102", accounts={"wecom": "lina2"})])
    assert not done.entries
    assert "第 4 行 name" in done.faults[0][1]
