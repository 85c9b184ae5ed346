"""Webhooks: group robots, and the answer addresses of groups."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.adapter import (
    Address,
    CannotReplaceError,
    DeliveryError,
    TransientError,
    UndeliverableError,
)
from bot.dingtalk.adapter import DingTalkAdapter
from bot.dingtalk.crypto import robot_signature
from bot.dingtalk.robots import read_robots
from cards.card import Card, Picture, Text, note
from config.settings import SettingsError

from . import desk
from .cards import CURVE
from .desk import NOW, millis, payload
from .fake import (
    CHAT,
    GROUP,
    ONE,
    SESSION,
    WEBHOOK,
    Fake,
    fault,
    order,
)

Extra = Callable[..., DingTalkAdapter]
OUT_OF_CALLS = (403, {"code": "Forbidden.AccessDenied.ApiCountLimitForOrg"})


async def test_a_group_robot_speaks_by_its_webhook(extra: Extra, fake: Fake) -> None:
    card = Card("早会", (Text("九点"), Picture("动能", CURVE)))
    adapter = extra()
    receipt = await adapter.deliver(order(card, Address(robot="班组")))
    (call,) = fake.calls
    assert call.path == WEBHOOK
    stamp = millis(NOW)
    assert call.query == {
        "access_token": "tok3n",
        "timestamp": stamp,
        "sign": robot_signature("SECshop", stamp),
    }
    text = "### 早会\n\n九点\n\n〔图：动能〕"
    assert call.body == {
        "msgtype": "markdown",
        "markdown": {"title": "早会", "text": text},
        "msgUuid": "d-17",
    }
    assert receipt.handle == {"robot": "班组"}
    again = await fault(adapter, order(card, handle=dict(receipt.handle)))
    assert isinstance(again, CannotReplaceError)


async def test_a_group_robot_without_a_secret(extra: Extra, fake: Fake) -> None:
    await extra().deliver(order(note("打烊了"), Address(robot="公告")))
    (call,) = fake.calls
    assert call.query == {"access_token": "plain7"}
    assert call.body["text"] == {"content": "打烊了"}


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        (310000, UndeliverableError, "安全设置"),
        (400101, UndeliverableError, "access_token"),
        (400102, UndeliverableError, "停用"),
        (400106, UndeliverableError, "不存在"),
        (400013, UndeliverableError, "解散"),
        (430102, UndeliverableError, "安全检查"),
        (410100, TransientError, "410100"),
    ],
)
async def test_what_a_group_robot_is_refused_for(
    extra: Extra, fake: Fake, code: int, kind: type[DeliveryError], told: str
) -> None:
    fake.script[WEBHOOK] = [(200, {"errcode": code, "errmsg": "no"})]
    found = await fault(extra(), order(to=Address(robot="班组")))
    assert isinstance(found, kind)
    assert told in found.reason
    assert getattr(found, "after", 600) == 600


async def test_a_group_robot_that_nobody_has_set_up(extra: Extra, fake: Fake) -> None:
    found = await fault(extra(), order(to=Address(robot="财务")))
    assert isinstance(found, UndeliverableError)
    assert "MOMENTUM_DINGTALK__ROBOTS" in found.advice
    assert fake.calls == []


@pytest.mark.parametrize("text", ["tok3n", "班组=", "班组=t:", "a=t,a=u", "a=t k", "=t"])
def test_robots_written_wrongly(text: str) -> None:
    with pytest.raises(SettingsError, match="ROBOTS") as caught:
        read_robots(text)
    assert "tok3n" not in str(caught.value)


def test_robots_keep_their_secrets() -> None:
    robots = read_robots(" 班组=tok3n:SECshop , ")
    assert (robots["班组"].token, robots["班组"].secret) == ("tok3n", "SECshop")
    assert "tok3n" not in repr(robots)
    assert "SECshop" not in repr(robots)


def heard(adapter: DingTalkAdapter, fake: Fake, name: str = "robot__text_group") -> None:
    webhook = f"{fake.base}{SESSION}?session=s1"
    adapter.decode(desk.robot({**payload(name), "sessionWebhook": webhook}))


async def test_a_group_is_answered_when_the_calls_are_spent(extra: Extra, fake: Fake) -> None:
    adapter = extra()
    heard(adapter, fake)
    fake.script[GROUP] = [OUT_OF_CALLS]
    assert (await adapter.deliver(order(note("没有找到线索 17"), CHAT))).handle == {}
    (call,) = fake.to(SESSION)
    assert call.query == {"session": "s1"}
    assert call.body == {"msgtype": "text", "text": {"content": "没有找到线索 17"}}


async def test_the_api_is_asked_first(extra: Extra, fake: Fake) -> None:
    adapter = extra()
    heard(adapter, fake)
    await adapter.deliver(order(to=CHAT))
    assert fake.to(SESSION) == []


async def test_no_session_speaks_for_a_person(extra: Extra, fake: Fake) -> None:
    adapter = extra()
    heard(adapter, fake, "robot__text")
    fake.script[ONE] = [OUT_OF_CALLS]
    assert isinstance(await fault(adapter, order()), UndeliverableError)
    assert fake.to(SESSION) == []


async def test_a_session_that_is_over(extra: Extra, fake: Fake) -> None:
    adapter = extra()
    heard(adapter, fake)
    fake.script[SESSION] = [(200, {"errcode": 300001, "errmsg": "session expired"})]
    fake.script[GROUP] = [OUT_OF_CALLS, OUT_OF_CALLS]
    for _ in range(2):
        found = await fault(adapter, order(to=CHAT))
        assert isinstance(found, UndeliverableError)
        assert "额度" in found.reason
    assert len(fake.to(SESSION)) == 1
