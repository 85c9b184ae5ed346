"""Codes, sessions, and whose tries count together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crm.console import (
    CODE_LENGTH,
    CODE_LETTERS,
    ConsolePolicy,
    check_code,
    check_entry,
    code_end,
    digest,
    neighbourhood,
    problems,
    session_end,
    tidy_code,
)
from crm.person import Person, Role
from crm.refusal import NotAllowedError, RefusedError

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def person(*roles: Role) -> Person:
    return Person(1, "main", "赵敏", frozenset(roles), "", "", "", (), {})


@pytest.mark.parametrize("typed", ["k7m2pq4x", "K7M2 PQ4X", " K7M2-PQ4X\n", "K7M2PQ4XYZ"])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert tidy_code(typed) == "K7M2PQ4X"


def test_codes_have_no_letters_that_look_alike_and_enough_of_them() -> None:
    assert not set("01OIl") & set(CODE_LETTERS)
    assert len(set(CODE_LETTERS)) == len(CODE_LETTERS)
    assert len(CODE_LETTERS) ** CODE_LENGTH > 2**39


def test_a_code_is_good_until_its_end_and_not_at_it() -> None:
    check_code(expires_at=NOON, used_at=None, now=NOON - timedelta(microseconds=1))
    with pytest.raises(RefusedError, match="已过期"):
        check_code(expires_at=NOON, used_at=None, now=NOON)


def test_a_used_code_is_refused_before_its_end() -> None:
    with pytest.raises(RefusedError, match="已经用过"):
        check_code(expires_at=NOON, used_at=NOON, now=NOON - timedelta(minutes=5))


def test_what_is_kept_does_not_tell_the_secret() -> None:
    assert digest("K7M2PQ4X") == digest("K7M2PQ4X") != digest("K7M2PQ4Y")
    assert "K7M2PQ4X" not in digest("K7M2PQ4X")


def test_only_admins_enter() -> None:
    assert check_entry(person(Role.REP, Role.ADMIN)).name == "赵敏"
    for other in (None, person(), person(Role.DIRECTOR, Role.LEGAL)):
        with pytest.raises(NotAllowedError):
            check_entry(other)


def test_the_policy_says_how_long() -> None:
    policy = ConsolePolicy(code_minutes=5, session_hours=2)
    assert code_end(NOON, policy) - NOON == timedelta(minutes=5)
    assert session_end(NOON, policy) - NOON == timedelta(hours=2)


def test_the_policys_bounds() -> None:
    assert problems(ConsolePolicy()) == []
    assert problems(ConsolePolicy(code_minutes=61)) == ["登录码有效期：61分钟 超出 1–60分钟"]
    assert len(problems(ConsolePolicy(code_minutes=0, session_hours=73))) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("nobody", "nobody"),
    ],
)
def test_neighbours_count_together(one: str, other: str) -> None:
    assert neighbourhood(one) == neighbourhood(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8:1:2::1", "2001:db8:1:3::1"), ("203.0.113.7", "203.0.113.8"), ("", "127.0.0.1")],
)
def test_strangers_do_not(one: str, other: str) -> None:
    assert neighbourhood(one) != neighbourhood(other)
