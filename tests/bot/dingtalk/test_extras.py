"""What goes along with a message: files, a ring, group robots, and taking it all back."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from bot.adapter import (
    Address,
    CannotReplaceError,
    Delivery,
    DeliveryError,
    Limit,
    TransientError,
    UndeliverableError,
)
from bot.dingtalk.adapter import DingTalkAdapter
from bot.dingtalk.crypto import robot_signature
from bot.dingtalk.robots import read_robots
from cards.card import Attachment, Card, Fold, Picture, Text, note
from config.settings import SettingsError

from . import desk
from .cards import CURVE
from .desk import NOW, millis, payload
from .fake import (
    CHAT,
    CREATE,
    DING,
    GROUP,
    MEDIA,
    ONE,
    PERSON,
    RECALL_GROUP,
    RECALL_ONE,
    SESSION,
    UPDATE,
    WEBHOOK,
    Fake,
    fault,
    order,
)

Extra = Callable[..., DingTalkAdapter]
BILLS = Attachment("账单.xlsx", "bills")
FILES = Card("对账", (Text("请核对"), Fold("附件", (BILLS, Attachment("门头.PNG", "photo")))))
OUT_OF_CALLS = (403, {"code": "Forbidden.AccessDenied.ApiCountLimitForOrg"})


def sent(fake: Fake, path: str) -> list[tuple[str, dict[str, str]]]:
    return [(c.body["msgKey"], json.loads(c.body["msgParam"])) for c in fake.to(path)]


async def test_files_follow_their_card(extra: Extra, fake: Fake) -> None:
    receipt = await extra().deliver(order(FILES))
    assert sent(fake, ONE)[1:] == [
        ("sampleFile", {"mediaId": "@lAL-1", "fileName": "账单.xlsx", "fileType": "xlsx"}),
        ("sampleImageMsg", {"photoURL": "@lAL-1"}),
    ]
    assert [call.query["type"] for call in fake.to(MEDIA)] == ["file", "image"]
    assert receipt.handle == {"process_query_key": "pqk,pqk,pqk"}


async def test_a_file_is_uploaded_once(extra: Extra, fake: Fake) -> None:
    adapter = extra()
    for to in (PERSON, CHAT):
        await adapter.deliver(order(Card("对账", (BILLS,)), to))
    assert len(fake.to(MEDIA)) == 1
    assert sent(fake, GROUP)[1][0] == "sampleFile"


@pytest.mark.parametrize("name", ["gone", "big"])
async def test_a_file_that_cannot_go_stays_a_name(
    extra: Extra, fake: Fake, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    await extra().deliver(order(Card("对账", (Attachment("账单.xlsx", name),))))
    ((_, only),) = sent(fake, ONE)
    assert "〔文件：账单.xlsx〕" in only["text"]
    assert ("could not be loaded" in caplog.text) is (name == "gone")


async def test_a_file_of_a_kind_that_cannot_go(extra: Extra, fake: Fake) -> None:
    card = Card("说明", (Attachment("说明.txt", "bills"),))
    await extra().deliver(order(card))
    assert fake.to(MEDIA) == []
    assert extra().render(card).dropped == ("file→text",)
    assert extra().render(FILES).dropped == ("fold→section",)


async def test_a_refused_file_does_not_undo_the_card(extra: Extra, fake: Fake) -> None:
    fake.script[MEDIA] = [(200, {"errcode": 40004, "errmsg": "type"})]
    assert await extra().deliver(order(Card("对账", (BILLS,))))
    assert len(fake.to(ONE)) == 1


async def test_a_second_try_sends_only_what_is_missing(extra: Extra, fake: Fake) -> None:
    adapter = extra("shop.schema")
    fake.script[ONE] = [(200, fake._usual(ONE)), (500, {"code": "system.busy"})]
    late = await fault(adapter, order(FILES))
    assert isinstance(late, TransientError)
    assert late.done == {"message": "d-17", "process_query_key": "pqk", "files": "1"}
    receipt = await adapter.deliver(Delivery("d-17", PERSON, FILES, done=late.done))
    assert receipt.handle == {"message": "d-17", "process_query_key": "pqk,pqk"}
    assert len(fake.to(CREATE)) == 1
    assert [kind for kind, _ in sent(fake, ONE)] == [
        "sampleFile",
        "sampleImageMsg",
        "sampleImageMsg",
    ]


async def test_an_urgent_message_rings_after_it_came(extra: Extra, fake: Fake) -> None:
    await extra().deliver(Delivery("d-17", PERSON, note("请马上回电"), urgent=True))
    assert [call.path for call in fake.calls[-2:]] == [ONE, DING]
    assert fake.to(DING)[0].body == {
        "robotCode": "dingrobot01",
        "remindType": 1,
        "receiverUserIdList": ["staff01"],
        "content": "请马上回电",
    }


async def test_a_ring_that_is_refused_is_only_noted(
    extra: Extra, fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    fake.script[DING] = [(403, {"code": "Forbidden.AccessDenied.AccessTokenPermissionDenied"})]
    urgent = Delivery("d-17", PERSON, note("请马上回电"), urgent=True)
    assert (await extra().deliver(urgent)).handle == {"process_query_key": "pqk"}
    assert "did not ring" in caplog.text


async def test_a_group_does_not_ring(extra: Extra, fake: Fake) -> None:
    await extra().deliver(Delivery("d-17", CHAT, note("开会"), urgent=True))
    assert fake.to(DING) == []


async def test_a_message_is_taken_back(extra: Extra, fake: Fake) -> None:
    adapter = extra()
    await adapter.recall((await adapter.deliver(order(FILES))).handle)
    assert fake.to(RECALL_ONE)[0].body == {
        "robotCode": "dingrobot01",
        "processQueryKeys": ["pqk", "pqk", "pqk"],
    }


async def test_a_groups_card_is_taken_back(extra: Extra, fake: Fake) -> None:
    space = {"spaceType": "IM_GROUP", "success": True, "carrierId": "carrier-1"}
    fake.script[CREATE] = [(200, {"success": True, "result": {"deliverResults": [space]}})]
    adapter = extra("shop.schema")
    receipt = await adapter.deliver(order(to=CHAT))
    changed = await adapter.deliver(order(to=CHAT, handle=dict(receipt.handle)))
    assert len(fake.to(UPDATE)) == 1
    await adapter.recall(changed.handle)
    assert fake.to(RECALL_GROUP)[0].body == {
        "robotCode": "dingrobot01",
        "processQueryKeys": ["carrier-1"],
        "openConversationId": "cidGroup01==",
    }


async def test_many_messages_are_taken_back_in_twenties(extra: Extra, fake: Fake) -> None:
    await extra().recall({"process_query_key": ",".join(f"k{n}" for n in range(25))})
    assert [len(call.body["processQueryKeys"]) for call in fake.to(RECALL_ONE)] == [20, 5]


async def test_what_cannot_be_taken_back(extra: Extra, fake: Fake) -> None:
    failed = {"successResult": [], "failedResult": {"pqk": "over 24h"}}
    fake.script[RECALL_ONE] = [(200, failed)]
    for handle in ({"process_query_key": "pqk"}, {"robot": "班组"}, {}):
        with pytest.raises(UndeliverableError, match="撤回"):
            await extra().recall(handle)
    assert len(fake.to(RECALL_ONE)) == 1


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


async def test_calls_are_counted(extra: Extra, fake: Fake) -> None:
    counted: list[str] = []
    fake.script[ONE] = [(503, {"code": "busy"})]
    adapter = extra(count=counted.append)
    await fault(adapter, order())
    await adapter.deliver(order())
    assert counted == ["/v1.0/oauth2/accessToken", ONE]


async def test_cards_by_stream_call_back_by_stream(extra: Extra, fake: Fake) -> None:
    adapter = extra("shop.schema", settings={"mode": "stream"})
    await adapter.register_card_callback()
    await adapter.deliver(order())
    assert [urlsplit(call.path).path for call in fake.calls[1:]] == [CREATE]
    body = fake.to(CREATE)[0].body
    assert body["callbackType"] == "STREAM"
    assert "callbackRouteKey" not in body


def test_the_documented_limits(extra: Extra) -> None:
    assert extra().limits == (Limit("app", 20, 1), Limit("robot", 20, 60))
