"""Contacts against people: who is whom, and when a departure is believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.person import (
    Known,
    Listed,
    Person,
    PersonPolicy,
    Role,
    check_leave,
    contact_change,
    heir,
    matches,
    next_sync,
    parting,
    team_by_department,
)
from crm.person.binding import check_code, check_join, code_in, digest
from crm.refusal import RefusedError

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def known(id: int, name: str, mobile: str = "", **more: object) -> Known:
    given_: dict[str, object] = {
        "roles": frozenset({Role.REP}),
        "team": "",
        "store": "",
        "manager": "",
        "skills": (),
        "accounts": {},
        **more,
    }
    return Known(id=id, name=name, mobile=mobile, **given_)  # type: ignore[arg-type]


def someone(id: int, name: str, *roles: Role, team: str = "", manager: str = "") -> Person:
    return Person(id, "main", name, frozenset(roles), team, "", manager, (), {"wecom": name})


def test_mobile_goes_before_name() -> None:
    people = [known(1, "李娜"), known(2, "王强", "13900000102")]
    assert matches("wecom", [Listed(7, "u", "李娜", "+86 139-0000-0102")], people) == {7: 2}


def test_a_name_must_be_ones_own_on_both_sides() -> None:
    people = [known(1, "李娜"), known(2, "张伟"), known(3, "张伟")]
    members = [Listed(7, "a", "李娜"), Listed(8, "b", "李娜"), Listed(9, "c", "张伟")]
    assert matches("wecom", members, people) == {}


def test_a_namesake_who_is_matched_already_still_counts() -> None:
    people = [known(1, "张伟", accounts={"wecom": "a"}), known(2, "李娜")]
    members = [Listed(7, "a", "张伟"), Listed(8, "b", "张伟"), Listed(9, "c", "李娜")]
    assert matches("wecom", members, people, matched={7}) == {9: 2}


def test_a_name_with_another_number_is_somebody_else() -> None:
    people = [known(1, "李娜", "13900000101")]
    assert matches("wecom", [Listed(7, "u", "李娜", "13900000102")], people) == {}


def test_nobody_gets_a_second_account_and_nobody_comes_back_by_this() -> None:
    people = [
        known(1, "李娜", accounts={"wecom": "old"}),
        known(2, "王强", "13900000102", is_present=False),
    ]
    members = [Listed(7, "new", "李娜"), Listed(8, "w", "王强", "13900000102")]
    assert matches("wecom", members, people) == {}


numbers = st.sampled_from(["", "13900000101", "13900000102"])
names = st.sampled_from(["李娜", "王强", ""])


@given(st.lists(st.tuples(names, numbers)), st.lists(st.tuples(names, numbers)))
def test_a_match_is_one_to_one(left: list[tuple[str, str]], right: list[tuple[str, str]]) -> None:
    members = [Listed(n, f"u{n}", name, mobile) for n, (name, mobile) in enumerate(left)]
    people = [known(n, name, mobile) for n, (name, mobile) in enumerate(right)]
    found = matches("wecom", members, people)
    assert len(set(found.values())) == len(found)
    assert matches("wecom", members[::-1], people[::-1]) == found


def crowd(size: int, department: str = "") -> list[Listed]:
    parts = (department,) if department else ()
    return [Listed(n, f"u{n}", f"某{n}", departments=parts) for n in range(size)]


def test_one_may_always_go() -> None:
    assert parting(crowd(3), {1}, seen=2, percent=10) == parting(crowd(3), {1}, seen=9, percent=1)
    assert parting(crowd(3), {1}, seen=2, percent=10).why == ""


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 100))
def test_too_many_at_once_are_never_believed(size: int, missing: int, percent: int) -> None:
    gone = set(range(min(missing, size)))
    verdict = parting(crowd(size), gone, seen=1, percent=percent)
    assert set(verdict.gone) == gone
    assert bool(verdict.why) == (len(gone) > max(1, size * percent // 100))


def test_an_empty_answer_is_never_believed() -> None:
    assert parting(crowd(1), {0}, seen=0, percent=100).why


def test_a_department_that_falls_silent_is_not_believed() -> None:
    before = [*crowd(40), Listed(100, "a", "甲", "", ("7",)), Listed(101, "b", "乙", "", ("7",))]
    assert parting(before, {100, 101}, seen=40, percent=50).why
    assert not parting(before, {100}, seen=41, percent=50).why


@pytest.mark.parametrize(
    ("facts", "change", "users"),
    [
        ({"change_type": "deleted", "user": "a, b"}, "deleted", ("a", "b")),
        ({"change_type": "update_user", "user": "a"}, "updated", ("a",)),
        ({"change_type": "updated", "user": "a", "active": "false"}, "deleted", ("a",)),
    ],
)
def test_a_notice_is_read(facts: dict[str, str], change: str, users: tuple[str, ...]) -> None:
    told = contact_change(facts)
    assert told is not None
    assert (told.change, told.users) == (change, users)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"change_type": "created", "department": "7"},
        {"change_type": "create_party", "user": "a"},
        {"change_type": "deleted", "user": "a", "external_user": "wm_1"},
    ],
)
def test_other_notices_are_nobodys(facts: dict[str, str]) -> None:
    assert contact_change(facts) is None


def test_a_name_told_about_several_is_nobodys_name() -> None:
    told = contact_change({"change_type": "updated", "user": "a,b", "name": "李娜"})
    assert told is not None
    assert told.name == ""


def test_departments_name_at_most_one_team() -> None:
    assert team_by_department(["销售部", "华东"], {"华东", "华南"}) == "华东"
    assert team_by_department(["华南", "华东"], {"华东", "华南"}) == ""


def test_the_next_sync_is_always_ahead() -> None:
    policy = PersonPolicy(sync_hour=4)
    assert next_sync(NOON, policy) == NOON + timedelta(days=1)
    assert next_sync(NOON - timedelta(minutes=1), policy) == NOON


def test_the_heir_is_the_manager_then_the_teams_then_a_director_then_an_admin() -> None:
    gone = someone(1, "李娜", Role.REP, team="华东", manager="陈静")
    ladder = [
        someone(9, "陈静", Role.MANAGER, team="华南"),
        someone(8, "钱进", Role.MANAGER, team="华东"),
        someone(7, "孙总", Role.DIRECTOR),
        someone(6, "周明", Role.ADMIN),
        someone(5, "吴刚", Role.REP, team="华东"),
        someone(4, "郑爽", Role.STAFF),
    ]
    while ladder:
        assert heir(gone, [gone, *ladder]) == ladder[0]
        ladder = ladder[1:]
    assert heir(gone, [gone]) is None


@given(st.lists(st.sampled_from(list(Role)), max_size=5))
def test_there_is_an_heir_whenever_there_is_anybody(roles: list[Role]) -> None:
    gone = someone(100, "李娜", Role.REP)
    others = [someone(n, f"某{n}", role) for n, role in enumerate(roles)]
    found = heir(gone, [*others, gone])
    assert (found in others) if others else (found is None)


def test_the_last_admin_stays() -> None:
    admin = someone(1, "周明", Role.ADMIN)
    with pytest.raises(RefusedError, match="最后一位管理员"):
        check_leave(admin, [admin, someone(2, "李娜", Role.REP)])
    check_leave(admin, [admin, someone(2, "李娜", Role.ADMIN)])


@pytest.mark.parametrize("said", ["绑定 ABCD2345", "绑定abcd-2345", "绑定：abcd 2345 "])
def test_a_code_is_read_as_people_type_it(said: str) -> None:
    assert code_in(said) == "ABCD2345"


@pytest.mark.parametrize("said", ["绑定", "绑定 我的账号", "请绑定 ABCD2345", "登录 ABCD2345"])
def test_other_words_are_no_code(said: str) -> None:
    assert code_in(said) == ""


def test_a_code_ends() -> None:
    check_code(expires_at=NOON, used_at=None, now=NOON - timedelta(seconds=1))
    with pytest.raises(RefusedError, match="已过期"):
        check_code(expires_at=NOON, used_at=None, now=NOON)
    with pytest.raises(RefusedError, match="已经用过"):
        check_code(expires_at=NOON, used_at=NOON, now=NOON - timedelta(minutes=1))
    assert digest("ABCD2345") != digest("ABCD2346")


def test_one_account_a_platform() -> None:
    who = someone(1, "李娜", Role.REP)
    check_join(who, "wecom", "李娜")
    check_join(who, "feishu", "ou_1")
    with pytest.raises(RefusedError, match="另一个账号"):
        check_join(who, "wecom", "somebody")
