from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm.delivery import (
    CAP,
    QUIET,
    DeliveryPolicy,
    Held,
    digest_time,
    held,
    mark,
    problems,
    quiet_end,
)

ZONE = ZoneInfo("Asia/Shanghai")
POLICY = DeliveryPolicy(quiet_from="22:00")


def at(day: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{day:02} {clock}").replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (at(2, "21:59:59"), None),
        (at(2, "22:00"), at(3, "08:00")),
        (at(2, "23:59:59"), at(3, "08:00")),
        (at(3, "00:00"), at(3, "08:00")),
        (at(3, "07:59:59"), at(3, "08:00")),
        (at(3, "08:00"), None),
    ],
)
def test_the_night_goes_over_midnight(now: datetime, end: datetime | None) -> None:
    assert quiet_end(now, POLICY) == end


@pytest.mark.parametrize(
    ("clock", "is_quiet"), [("11:59", False), ("12:00", True), ("13:29", True), ("13:30", False)]
)
def test_quiet_hours_may_lie_within_a_day(clock: str, is_quiet: bool) -> None:
    noon = DeliveryPolicy(quiet_from="12:00", quiet_until="13:30")
    assert bool(quiet_end(at(2, clock), noon)) is is_quiet


@pytest.mark.parametrize("clock", ["00:00", "07:59", "08:00", "22:00"])
def test_begin_and_end_alike_mean_no_quiet_hours(clock: str) -> None:
    assert quiet_end(at(2, clock), DeliveryPolicy(quiet_from="08:00", quiet_until="08:00")) is None


def test_the_clock_on_the_wall_decides_when_summer_time_begins() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = datetime(2026, 3, 28, 23, tzinfo=berlin)  # the clock skips an hour at two
    end = quiet_end(night, POLICY)
    assert end is not None
    assert (end.day, end.hour, end.utcoffset()) == (29, 8, timedelta(hours=2))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (at(2, "08:29"), at(2, "08:30")),
        (at(2, "08:30"), at(3, "08:30")),
        (at(2, "20:00"), at(3, "08:30")),
    ],
)
def test_the_digest_comes_at_its_next_time(now: datetime, due: datetime) -> None:
    assert digest_time(now, POLICY) == due


def test_a_digest_at_night_waits_for_the_morning() -> None:
    early = DeliveryPolicy(digest_at="06:00", quiet_from="22:00")
    assert digest_time(at(2, "20:00"), early) == at(3, "08:00")


def test_the_cap_is_the_last_one_that_rings() -> None:
    now = at(2, "15:00")
    assert held(now, POLICY, today=39) is None
    assert held(now, POLICY, today=40) == Held(CAP, at(3, "08:30"))
    assert held(now, DeliveryPolicy(daily_cap=0), today=10_000) is None


def test_at_night_a_message_waits_for_the_morning_not_for_the_digest() -> None:
    assert held(at(2, "23:00"), POLICY, today=99) == Held(QUIET, at(3, "08:00"))


@pytest.mark.parametrize(
    ("calls", "reached"), [(0, 0), (3999, 0), (4000, 80), (4999, 80), (5000, 100), (9000, 100)]
)
def test_a_quota_has_two_marks(calls: int, reached: int) -> None:
    assert mark(calls, 5000) == reached


@pytest.mark.parametrize("wrong", ["24:00", "8:00", "08:60", "", "晚上", "08：00", "08:00:00"])
def test_a_time_that_is_none_is_refused_by_name(wrong: str) -> None:
    (fault,) = problems(DeliveryPolicy(quiet_from=wrong))
    assert fault.startswith("免打扰开始")
    assert problems(POLICY) == []
