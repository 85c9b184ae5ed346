"""What goes along with a message: files, a ring, and taking it all back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import pytest

from bot.adapter import (
    Delivery,
    Limit,
    TransientError,
    UndeliverableError,
)
from bot.dingtalk.adapter import DingTalkAdapter
from bot.http import Fetch
from cards.card import Attachment, Card, Fold, Text, note
from config.settings import SettingsError

from .desk import SETTINGS
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
    TOKEN,
    UPDATE,
    Fake,
    fault,
    order,
)

Extra = Callable[..., DingTalkAdapter]
BILLS = Attachment("账单.xlsx", "bills")
FILES = Card("对账", (Text("请核对"), Fold("附件", (BILLS, Attachment("门头.PNG", "photo")))))


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


def test_a_mode_that_does_not_exist(extra: Extra) -> None:
    with pytest.raises(SettingsError, match="MODE：只能是 http 或 stream"):
        extra(settings={"mode": "Stream"})


def test_the_documented_limits(extra: Extra) -> None:
    assert extra().limits == (Limit("app", 20, 1), Limit("robot", 20, 60))


class Shelf:
    """Another process's token."""

    async def share(
        self,
        credentials: Sequence[str],
        refused: str,
        fetch: Fetch,  # noqa: ARG002 — nobody has to ask the platform
    ) -> tuple[str, float]:
        assert not refused
        assert credentials[1:] == (SETTINGS.app_key, SETTINGS.app_secret)
        return "theirs", 60.0


async def test_a_token_of_another_process(extra: Extra, fake: Fake) -> None:
    await extra(tokens=Shelf()).deliver(order())
    assert fake.to(TOKEN) == []
    assert fake.to(ONE)[0].headers["x-acs-dingtalk-access-token"] == "theirs"
