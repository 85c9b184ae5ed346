"""People, cards and events of the emulated DingTalk."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from dingtalk.crypto import DingTalkCrypto

from bot.emulator.dingtalk import LATE
from bot.emulator.dingtalk_seal import card_sign, robot_sign
from tests.bot.emulator.dingtalk_stage import (
    AES_KEY,
    APP_KEY,
    APP_SECRET,
    CORP,
    GROUP,
    ROBOT,
    SHORT,
    TEMPLATE,
    TOKEN,
    Stage,
    opened_stage,
)
from tests.bot.emulator.stage import Came, Reply, status

CHOICE = {
    "fields": [
        {"name": "command", "type": "TEXT", "hidden": True, "defaultValue": "改派 17 v3"},
        {
            "name": "rep",
            "label": "给谁",
            "type": "SELECT",
            "required": True,
            "options": [{"value": "7", "text": "李娜"}, {"value": "9", "text": "王强"}],
        },
        {"name": "days", "type": "MULTI_SELECT", "options": [{"value": "1"}, {"value": "2"}]},
        {"name": "now", "type": "CHECKBOX"},
        {"name": "why", "type": "TEXT"},
    ]
}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with opened_stage() as stage:
        yield stage


def says(body: Any) -> Reply:
    return lambda _: web.json_response(body)


def pressed(came: Came) -> Any:
    return json.loads(json.loads(came.body)["content"])["cardPrivateData"]


# ---- typing


async def test_a_typed_message_arrives_signed(stage: Stage) -> None:
    await stage.side.say("staff01", "换班 17")
    (came,) = stage.momentum.came
    stamp = came.headers["timestamp"]
    key, message = APP_SECRET.encode(), f"{stamp}\n{APP_SECRET}".encode()
    sign = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
    assert (came.headers["sign"], stamp) == (sign, "1772413200000")
    body = json.loads(came.body)
    assert body["text"] == {"content": "换班 17"}
    assert (body["conversationType"], body["senderStaffId"]) == ("1", "staff01")
    assert (body["chatbotCorpId"], body["robotCode"]) == (CORP, ROBOT)
    assert body["sessionWebhookExpiredTime"] - body["createAt"] == 5_400_000


async def test_in_a_group_the_text_follows_the_mention(stage: Stage) -> None:
    stage.momentum.replies = [says({"msgtype": "text", "text": {"content": "好"}})]
    await stage.side.say("staff01", "排班", group=GROUP)
    body = json.loads(stage.momentum.came[0].body)
    assert (body["conversationId"], body["conversationType"]) == (GROUP, "2")
    assert body["text"]["content"] == " 排班"
    assert [len(stage.bubbles(user)) for user in ("staff01", "staff02")] == [1, 1]


async def test_strangers_cannot_type(stage: Stage) -> None:
    with pytest.raises(LookupError):
        await stage.side.say("nobody", "你好")


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        (None, []),
        ({"msgtype": "empty"}, []),
        ({"msgtype": "text", "text": {"content": "好"}}, [("text", {"content": "好"})]),
        (
            {"msgtype": "markdown", "markdown": {"title": "周", "text": "# 周"}},
            [("markdown", {"title": "周", "text": "# 周"})],
        ),
        ({"msgtype": "markdown", "markdown": {"text": "# 周"}}, None),
        ({"msgtype": "markdown", "markdown": {"title": "周", "text": "![a](@lALPx)"}}, None),
        ({"msgtype": "image", "image": {}}, None),
        ({"msgtype": "text", "text": {"content": "好"}, "colour": 1}, None),
        ([], None),
    ],
)
async def test_the_answer_may_be_a_message(stage: Stage, reply: Any, shown: Any) -> None:
    stage.momentum.replies = [says(reply)] if reply is not None else []
    await stage.side.say("staff01", "你好")
    assert [(b.kind, b.body) for b in stage.bubbles()] == (shown or [])
    assert ("not understood" in stage.callbacks[0].note) == (shown is None)


async def test_a_robot_callback_is_not_retried(stage: Stage) -> None:
    stage.momentum.replies = [status(500)]
    await stage.side.say("staff01", "你好")
    assert len(stage.momentum.came) == 1


async def test_a_session_lives_ninety_minutes(stage: Stage) -> None:
    await stage.side.say("staff01", "你好")
    url = json.loads(stage.momentum.came[0].body)["sessionWebhook"]
    path = url.removeprefix("https://oapi.dingtalk.com")
    good = {"msgtype": "text", "text": {"content": "好"}}

    async def post(body: Any) -> int:
        async with stage.api.post(path, json=body) as answer:
            code: int = (await answer.json())["errcode"]
            return code

    assert [await post(good), await post({"msgtype": "card"})] == [0, 40035]
    assert [b.body for b in stage.bubbles()] == [{"content": "好"}]
    stage.clock.advance(minutes=90)
    assert await post(good) == 300001
    assert url not in json.dumps([e.request for e in stage.desk.exchanges])


# ---- links that speak


async def test_a_link_says_its_words(stage: Stage) -> None:
    url = f"dtmd://dingtalkclient/sendMessage?content={quote('换班 同意 7K2Q')}"
    await stage.send("sampleMarkdown", {"title": "换班", "text": f"[同意]({url})"})
    (bubble,) = stage.bubbles()
    await stage.side.press("staff01", bubble.id, {"dtmd": url}, {})
    assert json.loads(stage.momentum.came[0].body)["text"]["content"] == "换班 同意 7K2Q"
    for other in (url + "x", "dtmd://else/sendMessage?content=x"):
        with pytest.raises(LookupError):
            await stage.side.press("staff01", bubble.id, {"dtmd": other}, {})
    with pytest.raises(LookupError):
        await stage.side.press("staff02", bubble.id, {"dtmd": url}, {})


async def test_such_links_do_nothing_in_a_card(stage: Stage) -> None:
    url = "dtmd://dingtalkclient/sendMessage?content=x"
    await stage.register()
    await stage.create({**SHORT, "markdown": f"[x]({url})"})
    with pytest.raises(LookupError):
        await stage.side.press("staff01", "track-1:staff01", {"dtmd": url}, {})


# ---- cards


async def test_a_card_is_shown_with_its_params(stage: Stage) -> None:
    await stage.register()
    answer = (await stage.create(privateData={"staff01": {"cardParamMap": {"tip": "只有你"}}}))[1]
    (result,) = answer["result"]["deliverResults"]
    assert (result["success"], result["spaceType"]) == (True, "IM_ROBOT")
    (bubble,) = stage.bubbles()
    assert (bubble.id, bubble.kind) == ("track-1:staff01", "card")
    assert bubble.body == {"params": {**SHORT, "tip": "只有你"}, "template": TEMPLATE}


async def test_a_press_goes_signed_to_the_registered_address(stage: Stage) -> None:
    await stage.register()
    await stage.create()
    button = {"id": "button", "params": {"command": "同意 9"}}
    assert await stage.side.press("staff01", "track-1:staff01", button, {}) == ""
    (came,) = stage.momentum.came
    stamp = came.headers["x-ddpaas-signature-timestamp"]
    sign = hmac.new(b"card-secret", stamp.encode(), hashlib.sha256).digest()
    assert came.headers["x-ddpaas-signature"] == base64.b64encode(sign).decode()
    assert came.path == "/webhooks/dingtalk/main/card"
    body = json.loads(came.body)
    assert (body["outTrackId"], body["userId"], body["corpId"]) == ("track-1", "staff01", CORP)
    assert body["content"] == body["value"]
    assert pressed(came) == {"actionIds": ["button"], "params": {"command": "同意 9"}}


async def test_without_a_secret_there_is_no_signature(stage: Stage) -> None:
    url = stage.momentum.url("/card")
    body = {"callbackRouteKey": "momentum-main", "callbackUrl": url}
    await stage.call("card/callbacks/register", body)
    await stage.create()
    await stage.side.press("staff01", "track-1:staff01", {"id": "button"}, {})
    assert "x-ddpaas-signature" not in stage.momentum.came[0].headers


async def test_the_answer_changes_the_pressers_view_only(stage: Stage) -> None:
    await stage.register()
    await stage.create(openSpaceId="dtv1.card//IM_ROBOT.staff01;im_robot.staff02")
    stage.momentum.replies = [
        says(
            {
                "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
                "cardData": {"cardParamMap": {"title": "已换班"}},
                "userPrivateData": {"cardParamMap": {"tip": "你同意了"}},
            }
        )
    ]
    await stage.side.press("staff01", "track-1:staff01", {"id": "button"}, {})
    (mine,), (other,) = stage.bubbles(), stage.bubbles("staff02")
    assert mine.body["params"] == {**SHORT, "title": "已换班", "tip": "你同意了"}
    assert (other.body["params"], other.version) == (SHORT, 1)
    options = {"updateCardDataByKey": True}
    data = {"cardParamMap": {"title": "所有人看到"}}
    assert not await stage.update(
        {"outTrackId": "track-1", "cardData": data, "cardUpdateOptions": options}
    )
    assert mine.body["params"]["title"] == other.body["params"]["title"] == "所有人看到"
    assert mine.body["params"]["tip"] == "你同意了"


async def test_without_the_flags_all_data_is_replaced(stage: Stage) -> None:
    await stage.register()
    await stage.create()
    stage.momentum.replies = [says({"cardData": {"cardParamMap": {"title": "只剩标题"}}})]
    await stage.side.press("staff01", "track-1:staff01", {"id": "button"}, {})
    (bubble,) = stage.bubbles()
    assert bubble.body["params"] == {"title": "只剩标题"}
    await stage.update({"outTrackId": "track-1", "cardData": {"cardParamMap": SHORT}})
    assert bubble.body["params"] == SHORT


@pytest.mark.parametrize(
    "answer",
    [
        {"cardData": {"cardParamMap": {"count": 3}}},
        {"cardData": {"title": "x"}},
        {"cardOptions": {}},
        {"cardUpdateOptions": {"updateCardDataByKey": "true"}},
        [],
    ],
)
async def test_an_answer_dingtalk_cannot_read_changes_nothing(stage: Stage, answer: Any) -> None:
    await stage.register()
    await stage.create()
    stage.momentum.replies = [says(answer)]
    await stage.side.press("staff01", "track-1:staff01", {"id": "button"}, {})
    assert stage.bubbles()[0].version == 1
    assert "not understood" in stage.callbacks[0].note


async def test_a_late_answer_is_a_toast(stage: Stage) -> None:
    await stage.register()
    await stage.create()
    stage.momentum.hang = asyncio.Event()
    stage.side._card_budget = 0.05
    assert await stage.side.press("staff01", "track-1:staff01", {"id": "button"}, {}) == LATE
    stage.momentum.hang.set()


async def test_a_card_without_callback_goes_nowhere(stage: Stage) -> None:
    await stage.create(callbackType=None, callbackRouteKey=None)
    assert await stage.side.press("staff01", "track-1:staff01", {"id": "button"}, {}) == ""
    assert stage.momentum.came == []
    with pytest.raises(LookupError):
        await stage.side.press("staff02", "track-1:staff01", {"id": "button"}, {})


async def test_a_form_comes_in_the_clients_types(stage: Stage) -> None:
    await stage.register()
    await stage.create({**SHORT, "form": json.dumps(CHOICE)})
    entered = {"rep": "9", "days": "1,2", "now": "true", "why": "休假"}
    await stage.side.press("staff01", "track-1:staff01", {"id": "form", "params": {}}, entered)
    assert pressed(stage.momentum.came[0]) == {
        "actionIds": ["form"],
        "params": {
            "form": {
                "command": "改派 17 v3",
                "rep": {"index": 1, "value": "9"},
                "days": {"index": [0, 1], "value": ["1", "2"]},
                "now": True,
                "why": "休假",
            }
        },
    }


async def test_a_form_must_be_filled(stage: Stage) -> None:
    await stage.register()
    await stage.create({**SHORT, "form": json.dumps(CHOICE)})
    ident, button = "track-1:staff01", {"id": "form"}
    assert await stage.side.press("staff01", ident, button, {"why": "x"}) == "请填写给谁"
    with pytest.raises(LookupError):
        await stage.side.press("staff01", ident, button, {"rep": "8"})
    await stage.update({"outTrackId": "track-1", "cardData": {"cardParamMap": SHORT}})
    with pytest.raises(LookupError):
        await stage.side.press("staff01", ident, button, {"rep": "9"})
    assert stage.momentum.came == []


# ---- events


def acknowledges(word: str) -> Reply:
    crypto = DingTalkCrypto(TOKEN, AES_KEY, APP_KEY)
    return lambda _: web.json_response(crypto.encrypt_message(word, "replyNonce", "1700000002000"))


async def test_an_event_is_sealed_and_acknowledged(stage: Stage) -> None:
    stage.momentum.replies = [status(500), acknowledges("success")]
    fields = {"dataList": [{"userId": "staff01", "address": "杭州门店"}]}
    assert await stage.side.notify("attendance_check_record", fields)
    assert len(stage.momentum.came) == 2
    came = stage.momentum.came[0]
    query = came.query
    assert query["signature"] == query["msg_signature"]
    crypto = DingTalkCrypto(TOKEN, AES_KEY, APP_KEY)
    plain = crypto.decrypt_message(
        came.body.decode(), query["signature"], query["timestamp"], query["nonce"]
    )
    event = json.loads(plain)
    assert (event["EventType"], event["dataList"]) == (
        "attendance_check_record",
        fields["dataList"],
    )


@pytest.mark.parametrize("reply", [acknowledges("no"), says({"ok": True}), status(200)])
async def test_anything_else_is_no_acknowledgement(stage: Stage, reply: Reply) -> None:
    stage.momentum.replies = [reply]
    assert not await stage.side.notify("check_url")


# ---- published vectors


def test_published_signatures() -> None:
    assert (
        robot_sign("this is secret", "1577262236757")
        == "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="
    )
    assert (
        card_sign("testappSecret", "1546084445901")
        == "HCbG3xNE3vzhO+u7qCUL1jS5hsu2n5r2cFhnTrtyDAE="
    )


C1 = (
    "1a3NBxmCFwkCJvfoQ7WhJHB+iX3qHPsc9JbaDznE1i03peOk1LaOQoRz3+nlyGNhwmwJ3vDMG+OzrHMeiZI7gTRWVdUB"
    "mfxjZ8Ej23JVYa9VrYeJ5as7XM/ZpulX8NEQis44w53h1qAgnC3PRzM7Zc/D6Ibr0rgUathB6zRHP8PYrfgnNOS9PhSB"
    "dHlegK+AGGanfwjXuQ9+0pZcy0w9lQ=="
)
D5 = (
    "Al31VOORMRWx6emIpmL5qjq+MFizAvZmv+La8V2gW5LIv8X4WkW1uU7nP5lFio7i5et9RVsuVgxzMKaNV55KV5YgNfgJ"
    "nKd7/CGGHppTy08exuqXAiHwpQkQslS+Man3VOEUZ6on/n/JDe2ZvpdEDpBwXD3S8bO1mY9CW8APOYZU5ahR+b1UyaDV"
    "C9vKpzKUG04aMOLrXyDhXuWyKqWJrBEerds0Syl0q3e4/iP2ickdL7MnM4tTUl/sCmzykI3xyYP8DZjai6dIu/tpjwRy"
    "tFJTsnGwtmrn8aQD/zaWQy9hWsgfWVek7kj3OvGiEqYgsQRr/St8VgmYNRSbJtcliw=="
)
D5_PLAIN = (
    '{"EventType":"attendance_check_record","eventId":"e-0001","CorpId":"ding0000","dataList":'
    '[{"userId":"staff01","checkTime":1700000000000,"address":"杭州市西湖区门店一号","bizId":"B1"}]}'
)


def test_a_published_envelope_opens() -> None:
    crypto = DingTalkCrypto(
        "123456", "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij", "suite4xxxxxxxxxxxxxxx"
    )
    signature = "5a65ceeef9aab2d149439f82dc191dd6c5cbe2c0"
    plain = crypto.decrypt_encrypt_str(signature, "1445827045067", "nEXhMP4r", C1)
    assert json.loads(plain)["EventType"] == "check_create_suite_url"


@pytest.mark.parametrize(
    ("random", "plain", "nonce", "stamp", "encrypted", "signature"),
    [
        (
            "0123456789abcdef",
            D5_PLAIN,
            "nonceAAAABBBBCCCC",
            "1700000000123",
            D5,
            "4aa3f427580f32a7b7b59ae75fb91d969eb5a037",
        ),
        (
            "A" * 16,
            "success",
            "replyNonce000001",
            "1700000002000",
            "aCuWrzn1BhCsTKRjuiscv/DLBWdgMlXq1nF33fu2reD3z/6mSXkNzX9+lFfCR5jJvQPg71pgNFdktW2quB0Ydw==",
            "4536521d2ad55edd7d3fdba840c40a72f635959f",
        ),
    ],
)
def test_vectors_are_reproduced(
    monkeypatch: pytest.MonkeyPatch,
    random: str,
    plain: str,
    nonce: str,
    stamp: str,
    encrypted: str,
    signature: str,
) -> None:
    monkeypatch.setattr("dingtalk.crypto.base.BasePrpCrypto.get_random_string", lambda _: random)
    sealed = DingTalkCrypto(TOKEN, AES_KEY, APP_KEY).encrypt_message(plain, nonce, stamp)
    assert (sealed["encrypt"], sealed["msg_signature"]) == (encrypted, signature)
