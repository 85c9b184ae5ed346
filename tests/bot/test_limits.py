from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapter import Address, Limit
from bot.limits import Charge, LocalLimiter, charges, rate

PERSON, APP, GROUP, ROBOT = (
    Limit("person", 30, 60),
    Limit("app", 20, 1),
    Limit("group", 5, 1),
    Limit("robot", 20, 60),
)
ALL = (PERSON, APP, GROUP, ROBOT)


@dataclass
class Seconds:
    at: float = 0.0

    def __call__(self) -> float:
        return self.at


def most_in_a_window(times: Sequence[float], seconds: float) -> int:
    """The largest number of calls in any window that includes its begin and not its end."""
    return max((sum(begin <= one < begin + seconds for one in times) for begin in times), default=0)


async def eager(
    limiter: LocalLimiter, dues: Sequence[Charge], clock: Seconds, n: int
) -> list[float]:
    """When `n` calls get through of somebody who tries again as soon as told."""
    passed: list[float] = []
    while len(passed) < n:
        if wait := await limiter.take(dues):
            clock.at += wait
        else:
            passed.append(clock.at)
    return passed


limits = st.builds(
    Limit,
    scope=st.just("app"),
    calls=st.integers(1, 60),
    seconds=st.sampled_from((0.5, 1.0, 7.0, 60.0, 3600.0)),
)


@given(limits, st.lists(st.floats(0, 2), min_size=1, max_size=150))
async def test_no_window_ever_holds_more_than_the_limit(limit: Limit, pauses: list[float]) -> None:
    clock = Seconds()
    limiter, dues, passed = LocalLimiter(clock), [Charge("k", rate(limit))], list[float]()
    for pause in pauses:
        clock.at += pause * limit.seconds / limit.calls
        if not await limiter.take(dues):
            passed.append(clock.at)
    assert most_in_a_window(passed, limit.seconds) <= limit.calls


@given(limits)
async def test_whoever_waits_as_told_gets_most_of_the_limit(limit: Limit) -> None:
    clock = Seconds()
    n = 3 * limit.calls
    passed = await eager(LocalLimiter(clock), [Charge("k", rate(limit))], clock, n)
    assert most_in_a_window(passed, limit.seconds) <= limit.calls
    assert n / max(passed[-1], limit.seconds) >= 0.7 * limit.calls / limit.seconds


async def test_a_quarter_may_leave_at_once() -> None:
    limiter, dues = LocalLimiter(Seconds()), [Charge("k", rate(Limit("app", 20, 1)))]
    assert [bool(await limiter.take(dues)) for _ in range(6)] == [False] * 5 + [True]


async def test_all_limits_are_booked_or_none() -> None:
    clock = Seconds()
    limiter = LocalLimiter(clock)
    tight, wide = (
        Charge("tight", rate(Limit("app", 1, 10))),
        Charge("wide", rate(Limit("app", 4, 1))),
    )
    assert await limiter.take([tight, wide]) == 0
    clock.at = 5
    assert await limiter.take([tight, wide]) == pytest.approx(5)
    assert await limiter.take([wide]) == 0  # the refused one has not used it up


async def test_only_the_latest_subjects_are_remembered() -> None:
    limiter = LocalLimiter(Seconds())
    limiter.SUBJECTS = 2
    for name in "abc":
        await limiter.take([Charge(name, rate(Limit("app", 1, 10)))])
    assert await limiter.take([Charge("c", rate(Limit("app", 1, 10)))])
    assert not await limiter.take([Charge("a", rate(Limit("app", 1, 10)))])


@pytest.mark.parametrize(
    ("to", "in_place", "scopes"),
    [
        (Address(person="zhao"), False, {"person", "app"}),
        (Address(person="zhao", chat="oc_1"), False, {"group", "app"}),
        (Address(robot="sales"), False, {"robot"}),
        (Address(person="zhao"), True, {"app"}),
    ],
)
def test_a_message_counts_against_whom_it_reaches(
    to: Address, in_place: bool, scopes: set[str]
) -> None:
    keys = [one.key for one in charges(ALL, "feishu", "main", to, in_place=in_place)]
    assert {key.split(":")[4] for key in keys} == scopes


def test_two_limits_of_one_scope_are_two() -> None:
    both = (Limit("person", 30, 60), Limit("person", 1000, 3600))
    assert (
        len({one.key for one in charges(both, "wecom", "main", Address("a"), in_place=False)}) == 2
    )


@pytest.mark.parametrize("limit", [Limit("app", 0, 1), Limit("app", 1, 0)])
def test_a_limit_that_lets_nobody_go_is_an_error(limit: Limit) -> None:
    with pytest.raises(ValueError, match="not a limit"):
        rate(limit)
