"""The emulated DingTalk's API: what it takes, what it refuses, and its faults."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.emulator.dingtalk_answers import QPS
from tests.bot.emulator.dingtalk_stage import (
    APP_KEY,
    APP_SECRET,
    GROUP,
    ROBOT,
    SHORT,
    Stage,
    new_card,
    opened_stage,
)

WORDS = {"title": "排班", "text": "下周排班"}
TEXT = {"content": "好"}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with opened_stage() as stage:
        yield stage


def actions(count: int) -> dict[str, str]:
    pairs = {f"actionTitle{n}": f"看{n}" for n in range(1, count + 1)}
    return WORDS | pairs | {f"actionURL{n}": "https://m.example" for n in range(1, count + 1)}


# ---- robot messages


@pytest.mark.parametrize(
    ("msg_key", "params", "kind"),
    [
        ("sampleText", TEXT, "text"),
        ("sampleMarkdown", WORDS, "markdown"),
        ("sampleImageMsg", {"photoURL": "https://m.example/a.png"}, "image"),
        ("sampleLink", {**WORDS, "picUrl": "", "messageUrl": "https://m.example"}, "link"),
        (
            "sampleActionCard",
            {**WORDS, "singleTitle": "看", "singleURL": "https://m.example"},
            "actionCard",
        ),
        ("sampleActionCard3", actions(3), "actionCard"),
        (
            "sampleActionCard6",
            WORDS | {f"button{part}{n}": "https://m" for n in (1, 2) for part in ("Title", "Url")},
            "actionCard",
        ),
    ],
)
async def test_templates(stage: Stage, msg_key: str, params: Any, kind: str) -> None:
    status, answer = await stage.send(msg_key, params)
    assert (status, answer["invalidStaffIdList"]) == (200, [])
    (bubble,) = stage.bubbles()
    assert bubble.kind == kind
    short = dict(list(params.items())[:-1])
    assert (await stage.send(msg_key, short))[0] == 400
    assert (await stage.send(msg_key, {**params, "colour": "red"}))[0] == 400


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"msgKey": "samplePoem"}, "invalidParameter.msgKey"),
        ({"msgParam": TEXT}, "invalidParameter"),
        ({"msgParam": "not JSON"}, "invalidParameter.msgParam"),
        ({"msgParam": '{"content":7}'}, "invalidParameter.msgParam"),
        ({"msgParam": json.dumps({"content": "x" * 15000})}, "invalidParameter.msgParam"),
        ({"robotCode": "other"}, "invalidParameter.robotCode.notExsit"),
        ({"userIds": "staff01"}, "invalidParameter"),
        ({"userIds": ["staff01"] * 21}, "invalidParameter"),
        ({"userIds": []}, "invalidParameter"),
        ({"userIds": ["nobody"]}, "staffId.notExisted"),
        ({"userIds": ["staff01"] * 20}, ""),
        ({"urgent": True}, "invalidParameter"),
    ],
)
async def test_rules_of_a_batch(stage: Stage, change: Any, code: str) -> None:
    body = {"robotCode": ROBOT, "userIds": ["staff01"], "msgKey": "sampleText"}
    body = {**body, "msgParam": json.dumps(TEXT), **change}
    assert await stage.code("robot/oToMessages/batchSend", body) == code
    assert len(stage.bubbles()) == (not code)


async def test_unknown_staff_are_named(stage: Stage) -> None:
    answer = (await stage.send("sampleText", TEXT, userIds=["staff01", "gone", "staff02"]))[1]
    assert answer["invalidStaffIdList"] == ["gone"]
    assert answer["flowControlledStaffIdList"] == []
    assert len(stage.bubbles("staff02")) == 1


async def test_a_recall_takes_the_message_away(stage: Stage) -> None:
    key = (await stage.send("sampleText", TEXT))[1]["processQueryKey"]
    body = {"robotCode": ROBOT, "processQueryKeys": [key, "made-up"]}
    answer = (await stage.call("robot/otoMessages/batchRecall", body))[1]
    assert answer["successResult"] == [key]
    assert list(answer["failedResult"]) == ["made-up"]
    assert stage.bubbles()[0].kind == "recalled"


async def test_a_group_message_reaches_its_members(stage: Stage) -> None:
    body = {"robotCode": ROBOT, "msgKey": "sampleText", "msgParam": json.dumps(TEXT)}
    path = "robot/groupMessages/send"
    assert await stage.code(path, {**body, "openConversationId": GROUP}) == ""
    assert len(stage.bubbles()) == len(stage.bubbles("staff02")) == 1
    assert await stage.code(path, {**body, "openConversationId": "cidX"}) == "resource.not.found"


# ---- media


async def test_a_picture_is_kept_under_its_id(stage: Stage) -> None:
    media_id = (await stage.upload("image", "a.png", b"\x89PNG"))["media_id"]
    assert media_id.startswith("@lALP")
    assert stage.desk.media[media_id] == ("image/png", b"\x89PNG")
    for target, status in ((media_id, 200), ("https://m.example/a.png", 200), ("@lALPno", 400)):
        params = {"title": "曲线", "text": f"看 ![图]({target})"}
        assert (await stage.send("sampleMarkdown", params))[0] == status
        assert (await stage.send("sampleImageMsg", {"photoURL": target}))[0] == status


@pytest.mark.parametrize(
    ("kind", "name", "data", "code"),
    [
        ("image", "a.gif", b"GIF", 0),
        ("image", "a.webp", b"RIFF", 40005),
        ("image", "a.png", b"", 40035),
        ("file", "排班.xlsx", b"PK", 0),
        ("file", "a.exe", b"MZ", 40005),
        ("sticker", "a.png", b"x", 40004),
    ],
)
async def test_rules_of_media(stage: Stage, kind: str, name: str, data: bytes, code: int) -> None:
    assert (await stage.upload(kind, name, data))["errcode"] == code


async def test_the_largest_voice(stage: Stage) -> None:
    assert (await stage.upload("voice", "a.amr", b"x" * (2 << 20)))["errcode"] == 0
    assert (await stage.upload("voice", "a.amr", b"x" * ((2 << 20) + 1)))["errcode"] == 40006


# ---- cards


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, ""),
        ({"cardTemplateId": "other.schema"}, "param.templateNotExist"),
        ({"outTrackId": "t" * 100}, ""),
        ({"outTrackId": "t" * 101}, "param.error"),
        ({"outTrackId": None}, "param.error"),
        ({"cardData": {"cardParamMap": {}}}, "param.cardPublicDataEmpty"),
        ({"cardData": None}, "param.cardPublicDataEmpty"),
        ({"cardData": {"cardParamMap": {"count": 3}}}, "param.error"),
        ({"cardData": {"cardParamMap": {"has_form": True}}}, "param.error"),
        ({"cardData": {"cardParamMap": {"fields": []}}}, "param.error"),
        ({"cardData": {"cardParamMap": {"k" * 100: "x"}}}, ""),
        ({"cardData": {"cardParamMap": {"k" * 101: "x"}}}, "param.error"),
        ({"cardData": {"cardParamMap": {"k": "x" * 99_000}}}, ""),
        ({"cardData": {"cardParamMap": {"k": "x" * 103_000}}}, "param.error"),
        ({"privateData": {"staff01": {"cardParamMap": {"tip": "x"}}}}, ""),
        ({"privateData": {"staff01": {"tip": "x"}}}, "param.error"),
        ({"callbackType": "http"}, "param.error"),
        ({"callbackType": "STREAM", "callbackRouteKey": None}, ""),
        ({"callbackRouteKey": None}, "param.empty"),
        ({"callbackRouteKey": "unknown"}, "param.callbackRouteKeyNotExist"),
        ({"userIdType": 2}, "param.userIdNotExist"),
        ({"openSpaceId": "dtv1.card//im_robot.staff01"}, ""),
        ({"openSpaceId": "dtv1.card://IM_ROBOT.staff01"}, "param.openSpaceIdInvalid"),
        ({"openSpaceId": "IM_ROBOT.staff01"}, "param.openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//IM_ROBOT."}, "param.openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//MAIL.staff01"}, "param.openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//IM_ROBOT." + "x" * 990}, "param.error"),
        ({"imRobotOpenDeliverModel": None}, "param.openDeliverModelEmpty"),
        ({"imRobotOpenDeliverModel": {}}, "param.openDeliverModelEmpty"),
        ({"imRobotOpenDeliverModel": {"robotCode": ROBOT}}, ""),
        ({"imRobotOpenDeliverModel": {"robotCode": "other"}}, "param.openDeliverModelError"),
        ({"imRobotOpenDeliverModel": {"spaceType": "IM_GROUP"}}, "param.error"),
        ({"imRobotOpenSpaceModel": None}, "param.empty"),
        ({"imRobotOpenSpaceModel": {}}, "param.error"),
        ({"openSpaceId": f"dtv1.card//IM_GROUP.{GROUP}"}, "param.openDeliverModelEmpty"),
        ({"title": "x"}, "param.error"),
    ],
)
async def test_rules_of_a_new_card(stage: Stage, change: Any, code: str) -> None:
    await stage.register()
    body = new_card(**change)
    assert await stage.code("card/instances/createAndDeliver", body) == code
    assert len(stage.bubbles()) == (not code)


async def test_a_card_for_a_group(stage: Stage) -> None:
    await stage.register()
    status, answer = await stage.create(
        openSpaceId=f"dtv1.card//IM_GROUP.{GROUP};IM_ROBOT.gone",
        imGroupOpenSpaceModel={"supportForward": False},
        imGroupOpenDeliverModel={"robotCode": ROBOT},
    )
    assert status == 200
    results = answer["result"]["deliverResults"]
    assert [result["success"] for result in results] == [True, False]
    assert len(stage.bubbles()) == len(stage.bubbles("staff02")) == 1


async def test_a_track_id_is_used_once(stage: Stage) -> None:
    await stage.register()
    await stage.create()
    assert (await stage.create({"title": "新"}))[1]["code"] == "param.cardAlreadyExist"
    assert stage.bubbles()[0].body["params"] == SHORT


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, ""),
        ({"cardData": None}, "param.empty"),
        ({"cardData": None, "privateData": {"staff01": {"cardParamMap": {"tip": "x"}}}}, ""),
        ({"outTrackId": "unknown"}, "param.cardNotExist"),
        ({"cardData": {"cardParamMap": {"n": 1}}}, "param.error"),
        ({"cardUpdateOptions": {"updateCardDataByKey": "true"}}, "param.error"),
        ({"cardTemplateId": "x"}, "param.error"),
    ],
)
async def test_rules_of_an_update(stage: Stage, change: Any, code: str) -> None:
    await stage.register()
    await stage.create()
    body = {"outTrackId": "track-1", "cardData": {"cardParamMap": {"title": "新"}}, **change}
    assert await stage.update({k: v for k, v in body.items() if v is not None}) == code
    assert stage.bubbles()[0].version == (1 if code else 2)


async def test_a_route_key_stays_until_forced(stage: Stage) -> None:
    first = (await stage.register())[1]["result"]
    again = (await stage.register(apiSecret="another"))[1]["result"]
    assert again == first
    moved: dict[str, Any] = {"callbackUrl": "https://m.example/card"}
    assert (await stage.register(**moved))[1]["code"] == "param.callbackRouteKeyExist"
    forced = (await stage.register(**moved, forceUpdate=True))[1]["result"]
    assert forced["callbackUrl"] == "https://m.example/card"
    assert (await stage.register(callbackUrl="m.example"))[1]["code"] == "param.error"


# ---- tokens, limits, faults


async def test_tokens(stage: Stage) -> None:
    bad = {"appKey": APP_KEY, "appSecret": "wrong"}
    assert await stage.code("oauth2/accessToken", bad) == "invalidClientIdOrSecret"
    old = stage.token
    stage.clock.advance(seconds=7000)
    await stage.fetch_token()
    assert stage.token == old
    stage.clock.advance(seconds=7000)
    assert (await stage.send("sampleText", TEXT))[0] == 200
    stage.clock.advance(seconds=7200)
    assert (await stage.send("sampleText", TEXT))[1]["code"] == "InvalidAuthentication"
    assert (await stage.upload("image", "a.png", b"x"))["errcode"] == 40014


async def test_twenty_calls_a_second_for_each_api(stage: Stage) -> None:
    codes = [(await stage.send("sampleText", TEXT))[0] for _ in range(21)]
    assert codes == [200] * 20 + [403]
    assert (await stage.register())[0] == 200
    stage.clock.advance(seconds=1)
    assert (await stage.send("sampleText", TEXT))[0] == 200


async def test_secrets_are_masked_in_the_log(stage: Stage) -> None:
    await stage.register()
    await stage.upload("image", "a.png", b"x")
    told = json.dumps([[e.request, e.response] for e in stage.desk.exchanges])
    assert not [secret for secret in (APP_SECRET, "card-secret", stage.token) if secret in told]


async def test_a_body_that_is_no_object(stage: Stage) -> None:
    for body in (b"", b"[]", b"x=1"):
        assert await stage.code("robot/oToMessages/batchSend", body) == "param.empty"


async def test_revoked(stage: Stage) -> None:
    stage.faults.revoked = True
    assert (await stage.send("sampleText", TEXT))[1]["code"] == "InvalidAuthentication"
    await stage.fetch_token()
    assert (await stage.send("sampleText", TEXT))[0] == 200


async def test_throttled(stage: Stage) -> None:
    stage.faults.throttled = 1
    status, answer = await stage.send("sampleText", TEXT)
    assert (status, answer["code"]) == (403, QPS)
    assert (await stage.upload("image", "a.png", b"x"))["errcode"] == 90018
    assert stage.bubbles() == []


async def test_failing(stage: Stage) -> None:
    stage.faults.failing = 1
    assert (await stage.send("sampleText", TEXT))[0] == 502


async def test_lost_is_done_but_not_answered(stage: Stage) -> None:
    stage.faults.lost = 1
    with pytest.raises(aiohttp.ClientError):
        await stage.send("sampleText", TEXT)
    assert len(stage.bubbles()) == 1


async def test_slow_late_and_repeated(stage: Stage) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    stage.side.wire.sleep = sleep
    stage.faults.slow_seconds, stage.faults.late_seconds, stage.faults.repeats = 9, 7, 2
    await stage.send("sampleText", TEXT)
    await stage.side.say("staff01", "你好")
    assert waits == [9, 7]
    assert len({came.body for came in stage.momentum.came}) == 1
    assert len(stage.momentum.came) == 3
