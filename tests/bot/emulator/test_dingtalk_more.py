"""Files people send, groups' custom robots, contacts, read status, DING and quotas."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.emulator import dingtalk_messages as messages
from bot.emulator.dingtalk_custom import CustomRobot
from bot.emulator.dingtalk_seal import robot_sign
from tests.bot.emulator.dingtalk_stage import APP_KEY, APP_SECRET, GROUP, ROBOT, Stage, opened_stage

TEXT = {"msgtype": "text", "text": {"content": "日报"}}
SECRET = "SECrobot"
WORDS = {"content": "好"}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    robots = {"tok-open": CustomRobot(GROUP), "tok-signed": CustomRobot(GROUP, SECRET)}
    async with opened_stage(robots=robots, mobiles={"staff02": "13900000002"}) as stage:
        yield stage


def told(stage: Stage) -> Any:
    return json.loads(stage.momentum.came[-1].body)


async def old(stage: Stage, path: str, body: Any = None, **query: str) -> Any:
    """A call to the old API family."""
    params = {"access_token": stage.token, **query}
    method = "POST" if body is not None else "GET"
    async with stage.api.request(method, path, params=params, json=body) as answer:
        assert answer.status == 200
        return await answer.json()


# ---- what people send


async def test_a_picture_is_fetched_by_its_code(stage: Stage) -> None:
    await stage.side.send("staff01", messages.picture(stage.side.files, b"png"))
    body = told(stage)
    assert body["msgtype"] == "picture"
    assert "text" not in body
    code = {"downloadCode": body["content"]["downloadCode"], "robotCode": ROBOT}
    status, answer = await stage.call("robot/messageFiles/download", code)
    assert status == 200
    path = answer["downloadUrl"].partition("/emulated/")[2]
    async with stage.api.get(f"/emulated/{path}") as got:
        assert (got.status, await got.read()) == (200, b"png")
    stage.clock.advance(hours=1)
    async with stage.api.get(f"/emulated/{path}") as got:
        assert got.status == 403
    await stage.fetch_token()
    wrong = "invalidParameter.robotCode.downloadCode"
    assert await stage.code("robot/messageFiles/download", code) == wrong
    other = {**code, "robotCode": "other"}
    assert await stage.code("robot/messageFiles/download", other) == (
        "invalidParameter.robotCode.auth"
    )


async def test_every_kind_has_its_documented_content(stage: Stage) -> None:
    files = stage.side.files
    await stage.side.send("staff01", messages.rich(files, ["到店", b"png", "已收"]))
    parts = told(stage)["content"]["richText"]
    assert [part.get("text", part.get("type")) for part in parts] == ["到店", "picture", "已收"]
    await stage.side.send(
        "staff01", messages.audio(files, b"amr", milliseconds=2300, recognition="领取十七")
    )
    voice = told(stage)["content"]
    assert (voice["duration"], voice["recognition"]) == (2300, "领取十七")
    await stage.side.send("staff01", messages.video(files, b"mp4", seconds=5))
    assert told(stage)["content"]["videoType"] == "mp4"
    await stage.side.send("staff01", messages.file(files, b"x", name="报价.xlsx"))
    assert told(stage)["content"]["fileName"] == "报价.xlsx"
    await stage.side.send("staff01", messages.unknown("暂不支持的消息"))
    assert told(stage)["content"] == {"unknownMsgType": "暂不支持的消息"}


async def test_robots_in_groups_are_not_told_of_files(stage: Stage) -> None:
    files = stage.side.files
    await stage.side.send("staff01", messages.picture(files, b"png"), group=GROUP)
    assert told(stage)["conversationType"] == "2"
    with pytest.raises(LookupError):
        await stage.side.send("staff01", messages.file(files, b"x", name="a.pdf"), group=GROUP)


# ---- quotas


async def test_a_spent_push_quota_takes_the_words_away() -> None:
    async with opened_stage(push_quota=2) as stage:
        for _ in range(3):
            await stage.side.say("staff01", "帮助")
        first, _, last = (json.loads(came.body) for came in stage.momentum.came)
        assert "errorCode" not in first
        assert (last["errorCode"], "text" in last, "content" in last) == (20001, False, False)
        assert last["senderStaffId"] == "staff01"
        stage.clock.advance(days=31)
        await stage.side.say("staff01", "帮助")
        assert "text" in told(stage)


async def test_a_spent_call_quota_leaves_contacts_and_tokens_free() -> None:
    async with opened_stage(call_quota=1) as stage:
        assert (await stage.send("sampleText", WORDS))[0] == 200
        status, answer = await stage.send("sampleText", WORDS)
        assert (status, answer["code"]) == (403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
        assert (await stage.upload("image", "a.png", b"png"))["errcode"] == 90020
        await stage.fetch_token()
        found = await old(stage, "/topapi/v2/user/list", {"dept_id": 1, "cursor": 0, "size": 10})
        assert found["errcode"] == 0
        assert stage.side.quota.used("calls") == 1


# ---- contacts


async def test_the_contacts_are_the_desks_people(stage: Stage) -> None:
    (department,) = (await old(stage, "/topapi/v2/department/listsub", {"dept_id": 1}))["result"]
    assert (department["name"], department["parent_id"]) == ("店员", 1)
    ident = department["dept_id"]
    page = {"dept_id": ident, "cursor": 0, "size": 1}
    first = (await old(stage, "/topapi/v2/user/list", page))["result"]
    assert (first["has_more"], first["next_cursor"]) == (True, 1)
    rest = (await old(stage, "/topapi/v2/user/list", {**page, "cursor": 1}))["result"]
    assert rest["has_more"] is False
    assert "next_cursor" not in rest
    people = first["list"] + rest["list"]
    assert [one["userid"] for one in people] == ["staff01", "staff02"]
    assert people[1]["mobile"] == "13900000002"
    found = await old(stage, "/topapi/v2/user/getbymobile", {"mobile": "13900000002"})
    assert found["result"] == {"userid": "staff02"}
    assert (await old(stage, "/topapi/v2/user/get", {"userid": "staff01"}))["result"]["title"] == (
        "店员"
    )


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("department/listsub", {"dept_id": 99}, 60003),
        ("user/list", {"dept_id": 1, "cursor": 0, "size": 101}, 40035),
        ("user/getbymobile", {"mobile": ""}, 60121),
        ("user/get", {"userid": "nobody"}, 60121),
    ],
)
async def test_contacts_refuse(stage: Stage, path: str, body: Any, code: int) -> None:
    assert (await old(stage, f"/topapi/v2/{path}", body))["errcode"] == code
    denied = await old(stage, f"/topapi/v2/{path}", body, access_token="made-up")
    assert denied["errcode"] == 40014


async def test_the_old_token_is_the_new_one(stage: Stage) -> None:
    query = {"appkey": APP_KEY, "appsecret": APP_SECRET}
    answer = await old(stage, "/gettoken", **query)
    assert (answer["access_token"], answer["expires_in"]) == (stage.token, 7200)
    assert (await old(stage, "/gettoken", **{**query, "appsecret": "x"}))["errcode"] == 40089


# ---- custom robots


async def test_a_custom_robot_posts_once_for_a_uuid(stage: Stage) -> None:
    body = {**TEXT, "msgUuid": "u-1", "at": {"atUserIds": ["staff01"]}}
    for _ in range(2):
        answer = await old(stage, "/robot/send", body, access_token="tok-open")
        assert answer["errcode"] == 0
    assert [bubble.body["content"] for bubble in stage.bubbles("staff02")] == ["日报"]


async def test_a_custom_robot_may_demand_a_signature(stage: Stage) -> None:
    stamp = str(int(stage.clock.now().timestamp() * 1000))
    query = {"access_token": "tok-signed", "timestamp": stamp}
    good = {**query, "sign": robot_sign(SECRET, stamp)}
    assert (await old(stage, "/robot/send", TEXT, **good))["errcode"] == 0
    for bad in (query, {**good, "sign": robot_sign("SECother", stamp)}, {**good, "timestamp": "0"}):
        assert (await old(stage, "/robot/send", TEXT, **bad))["errcode"] == 310000
    assert (await old(stage, "/robot/send", TEXT, access_token="nobody"))["errcode"] == 400101
    poem = {"msgtype": "poem"}
    assert (await old(stage, "/robot/send", poem, access_token="tok-open"))["errcode"] == 40035


async def test_the_21st_post_of_a_minute_silences_for_ten(stage: Stage) -> None:
    async def post() -> int:
        code: int = (await old(stage, "/robot/send", TEXT, access_token="tok-open"))["errcode"]
        return code

    assert [await post() for _ in range(21)] == [0] * 20 + [410100]
    stage.clock.advance(minutes=9)
    assert await post() == 410100
    stage.clock.advance(minutes=1)
    assert await post() == 0


# ---- after sending


async def test_who_has_read_it(stage: Stage) -> None:
    answer = (await stage.send("sampleText", WORDS, userIds=["staff01", "staff02"]))[1]
    key = answer["processQueryKey"]
    stage.side.read("staff02", f"{key}:staff02")
    query = {"robotCode": ROBOT, "processQueryKey": key}
    headers = {"x-acs-dingtalk-access-token": stage.token}
    path = "/v1.0/robot/oToMessages/readStatus"
    async with stage.api.get(path, params=query, headers=headers) as got:
        status = await got.json()
    assert status["sendStatus"] == "SUCCESS"
    assert [one["readStatus"] for one in status["messageReadInfoList"]] == ["UNREAD", "READ"]
    async with stage.api.get(path, params={**query, "processQueryKey": "x"}, headers=headers) as no:
        assert no.status == 400


async def test_a_groups_message_is_read_and_taken_back(stage: Stage) -> None:
    where = {"robotCode": ROBOT, "openConversationId": GROUP}
    body = {**where, "msgKey": "sampleText", "msgParam": json.dumps(WORDS)}
    key = (await stage.call("robot/groupMessages/send", body))[1]["processQueryKey"]
    for user in ("staff01", "staff02"):
        stage.side.read(user, f"{key}:{user}")
    query = {**where, "processQueryKey": key, "maxResults": 1}
    first = (await stage.call("robot/groupMessages/query", query))[1]
    assert (first["readUserIds"], first["hasMore"]) == (["staff01"], True)
    rest = {**query, "nextToken": first["nextToken"]}
    last = (await stage.call("robot/groupMessages/query", rest))[1]
    assert (last["readUserIds"], last["hasMore"]) == (["staff02"], False)
    recall = {**where, "processQueryKeys": [key, "x"]}
    answer = (await stage.call("robot/groupMessages/recall", recall))[1]
    assert (answer["successResult"], list(answer["failedResult"])) == ([key], ["x"])
    assert [bubble.kind for bubble in stage.bubbles("staff02")] == ["recalled"]
    assert (await stage.call("robot/groupMessages/query", query))[1]["sendStatus"] == "RECALLED"
    one = {"robotCode": ROBOT, "processQueryKeys": [key]}
    assert (await stage.call("robot/otoMessages/batchRecall", one))[1]["successResult"] == []


async def test_a_ding_rings(stage: Stage) -> None:
    body = {"robotCode": ROBOT, "remindType": 1, "content": "红线"}
    people = {"receiverUserIdList": ["staff01", "gone"]}
    answer = (await stage.call("robot/ding/send", {**body, **people}))[1]
    assert list(answer["failedList"]) == ["gone"]
    assert [(bubble.kind, bubble.body["content"]) for bubble in stage.bubbles()] == [
        ("ding", "红线")
    ]
    many = {**body, "remindType": 3, "receiverUserIdList": ["staff01"] * 21}
    assert await stage.code("robot/ding/send", many) == "too.many.people"
    assert await stage.code("robot/ding/send", {**body, **people, "robotCode": "x"}) != ""
