"""What an adapter's success or failure means for a message."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapter import CannotReplaceError, TransientError, UndeliverableError
from bot.sender import GIVE_UP_AFTER, Again, Anew, Dead, Sender, Sent
from cards.card import Card
from cards.parcel import Parcel
from tests.fakes import APP, TENANT, FakePlatform


def parcel(**more: Any) -> Parcel:
    told = {
        "id": 1,
        "key": "m-1",
        "tenant": TENANT,
        "platform": "feishu",
        "app": APP,
        "user": "zhao",
        "chat": "",
        "card": Card("甲"),
        "attempts": 0,
        "trace": "t",
    }
    return Parcel(**{**told, **more})


def sender(phone: FakePlatform) -> Sender:
    return Sender({("feishu", APP): phone})  # type: ignore[dict-item]


async def outcome(fault: BaseException, **more: Any) -> object:
    phone = FakePlatform()
    phone.fates.append(fault)
    return await sender(phone).deliver(parcel(**more))


async def test_a_receipt_means_sent_and_everything_reaches_the_adapter() -> None:
    phone = FakePlatform()
    found = await sender(phone).deliver(parcel(done={"picture": "img"}))
    assert found == Sent({"message": "om_1"})
    [call] = phone.calls
    assert (call.key, call.to.person, call.handle, call.done) == (
        *("m-1", "zhao", None),
        {"picture": "img"},
    )


async def test_a_platform_that_is_not_configured_is_a_dead_letter_that_says_so() -> None:
    found = await Sender({}).deliver(parcel())
    assert found == Dead("no_adapter", "平台 feishu/main 未配置，请补全设置后重发")


async def test_the_platforms_own_wait_is_honoured_to_the_second() -> None:
    found = await outcome(TransientError("frequency", after=17.5))
    assert found == Again(17.5, "frequency", {})


async def test_what_was_done_before_and_now_is_kept() -> None:
    found = await outcome(TransientError("busy", done={"b": "2"}), done={"a": "1"})
    assert isinstance(found, Again)
    assert found.done == {"a": "1", "b": "2"}


async def test_never_means_never_with_the_reason_and_what_to_do() -> None:
    found = await outcome(UndeliverableError("60111", "没有这个成员", "请核对人员名单后重发"))
    assert found == Dead("60111", "没有这个成员。请核对人员名单后重发")


async def test_a_copy_that_cannot_change_is_sent_anew() -> None:
    assert await outcome(CannotReplaceError("14 天已过")) == Anew("14 天已过")


@pytest.mark.parametrize("fault", [RuntimeError("bug"), KeyError("x"), ValueError()])
async def test_an_adapter_that_breaks_its_promise_costs_a_try_and_nothing_more(
    fault: Exception,
) -> None:
    found = await outcome(fault)
    assert isinstance(found, Again)
    assert found.reason == "internal"


@given(st.integers(0, GIVE_UP_AFTER - 2))
async def test_waits_double_up_to_an_hour(attempts: int) -> None:
    found = await outcome(TransientError("busy"), attempts=attempts)
    assert isinstance(found, Again)
    wanted = min(2.0**attempts, 3600)
    assert 0.8 * wanted <= found.seconds <= 1.2 * wanted


async def test_the_last_try_is_the_last() -> None:
    found = await outcome(TransientError("network: TimeoutError"), attempts=GIVE_UP_AFTER - 1)
    assert isinstance(found, Dead)
    assert found.code == "gave_up"
    assert "network: TimeoutError" in found.reason
    assert not isinstance(await outcome(TransientError("x"), attempts=GIVE_UP_AFTER - 2), Dead)


async def test_an_outage_of_five_hours_loses_nothing() -> None:
    """However the jitter falls: the tries together last longer than that."""
    shortest = sum(0.8 * min(2.0**attempts, 3600) for attempts in range(GIVE_UP_AFTER - 1))
    longest = shortest / 0.8 * 1.2
    assert shortest > 4.5 * 3600
    assert longest < 9 * 3600
