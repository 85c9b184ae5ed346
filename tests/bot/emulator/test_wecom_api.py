"""The emulated WeCom's API: what it takes, what it refuses, and its faults."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.bot.emulator.wecom_stage import (
    AGENT,
    CORP,
    PNG,
    SECRET,
    Stage,
    opened_stage,
)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with opened_stage() as stage:
        yield stage


# ---- sending


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"msgtype": "text", "text": {"content": "汉" * 682}}, 0),
        ({"msgtype": "text", "text": {"content": "汉" * 683}}, 45002),
        ({"msgtype": "text", "text": {"content": ""}}, 40063),
        ({"msgtype": "text"}, 40063),
        ({"msgtype": "markdown", "markdown": {"content": "# 好"}}, 0),
        ({"msgtype": "markdown", "markdown": {"content": "x" * 2049}}, 45002),
        ({"msgtype": "markdown", "markdown": {"content": "x"}, "safe": 1}, 40058),
        ({"msgtype": "poem", "poem": {}}, 40008),
        ({"msgtype": "text", "text": {"content": "x"}, "agentid": 1}, 40056),
        ({"msgtype": "text", "text": {"content": "x"}, "agentid": str(AGENT)}, 40056),
        ({"msgtype": "text", "text": {"content": "x"}, "touser": ""}, 82001),
        ({"msgtype": "text", "text": {"content": "x"}, "touser": "|".join("x" * 1001)}, 40031),
        ({"msgtype": "text", "text": {"content": "x"}, "toparty": "|".join("1" * 101)}, 82002),
        ({"msgtype": "text", "text": {"content": "x"}, "totag": "|".join("1" * 101)}, 82003),
        ({"msgtype": "text", "text": {"content": "x"}, "touser": "nobody"}, 81013),
        ({"msgtype": "text", "text": {"content": "x"}, "urgent": 1}, 40058),
        ({"msgtype": "text", "text": {"content": "x"}, "safe": True}, 40058),
        ({"msgtype": "text", "text": {"content": "x"}, "duplicate_check_interval": 14401}, 40058),
        ({"msgtype": "image", "image": {"media_id": "gone"}}, 40007),
        (
            {
                "msgtype": "textcard",
                "textcard": {"title": "t", "description": "d", "url": "https://a"},
            },
            0,
        ),
        ({"msgtype": "textcard", "textcard": {"title": "t", "description": "d"}}, 40063),
        (
            {"msgtype": "textcard", "textcard": {"title": "t", "description": "d", "url": "a.b"}},
            40058,
        ),
        ({"msgtype": "news", "news": {"articles": [{"title": "t", "url": "https://a"}]}}, 0),
        ({"msgtype": "news", "news": {"articles": []}}, 40063),
    ],
)
async def test_rules_of_a_message(stage: Stage, request_: Any, code: int) -> None:
    body = {"touser": "zhangsan", "agentid": AGENT, **request_}
    assert (await stage.post("message/send", body))["errcode"] == code
    assert len(stage.bubbles()) == (code == 0)


async def test_escapes_and_nonsense(stage: Stage) -> None:
    body = {"touser": "zhangsan", "agentid": AGENT, "msgtype": "text", "text": {"content": "好"}}
    escaped = json.dumps(body).encode()
    assert (await stage.post("message/send", escaped))["errcode"] == 40033
    assert (await stage.post("message/send", b"touser=zhangsan"))["errcode"] == 47001
    body["text"] = {"content": "a \\u597d in the text itself"}
    assert (await stage.post("message/send", body))["errcode"] == 0


async def test_unknown_people_are_named_in_lower_case(stage: Stage) -> None:
    answer = await stage.send("text", {"content": "好"}, touser="ZHANGSAN|Nobody|lisi")
    assert answer["invaliduser"] == "nobody"
    assert len(stage.bubbles()) == len(stage.bubbles("LiSi")) == 1
    await stage.send("text", {"content": "好"}, touser="@all")
    assert len(stage.bubbles("LiSi")) == 2


async def test_more_than_thirty_a_minute_are_dropped_in_silence(stage: Stage) -> None:
    for n in range(31):
        assert (await stage.send("text", {"content": str(n)}))["errcode"] == 0
    assert len(stage.bubbles()) == 30
    assert "not delivered" in stage.desk.exchanges[-1].note
    stage.clock.advance(seconds=60)
    await stage.send("text", {"content": "again"})
    assert len(stage.bubbles()) == 31


async def test_the_duplicate_check_holds_back_the_same_request(stage: Stage) -> None:
    first = await stage.send(enable_duplicate_check=1)
    again = await stage.send(enable_duplicate_check=1)
    assert (again["errcode"], again["msgid"]) == (0, first["msgid"])
    assert len(stage.bubbles()) == 1
    assert (await stage.send(enable_duplicate_check=0))["errcode"] == 42014
    stage.clock.advance(seconds=1800)
    assert (await stage.send(enable_duplicate_check=1))["errcode"] == 42014


async def test_a_recalled_message_is_gone_for_24_hours_only(stage: Stage) -> None:
    first = (await stage.send())["msgid"]
    assert (await stage.post("message/recall", {"msgid": first}))["errcode"] == 0
    assert stage.bubbles()[0].kind == "recalled"
    second = (await stage.send("text", {"content": "x"}))["msgid"]
    stage.clock.advance(hours=25)
    await stage.fetch_token()
    assert (await stage.post("message/recall", {"msgid": second}))["errcode"] == 40058


# ---- media


async def test_a_picture_goes_up_whole_and_can_be_sent_for_three_days(stage: Stage) -> None:
    media_id = (await stage.upload("image", PNG))["media_id"]
    assert stage.desk.media[media_id] == ("image/png", PNG)
    assert (await stage.send("image", {"media_id": media_id}))["errcode"] == 0
    assert stage.bubbles()[0].body["media"] == media_id
    assert (await stage.send("file", {"media_id": media_id}))["errcode"] == 40007
    query = {"access_token": stage.token, "media_id": media_id}
    async with stage.api.get("/cgi-bin/media/get", params=query) as answer:
        assert await answer.read() == PNG
    stage.clock.advance(days=3)
    await stage.fetch_token()
    assert (await stage.send("image", {"media_id": media_id}))["errcode"] == 40007


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        ("image", b"\xff\xd8\xff" + b"jpeg", None),
        ("image", b"GIF89a....", 40123),
        ("image", b"\xff\xd8", 44001),
        ("voice", b"#!AMR\n...", None),
        ("voice", b"RIFF......", 40005),
        ("video", b"\0\0\0\x18ftypmp42", None),
        ("video", b"RIFF......", 40005),
        ("file", b"%PDF-1.7", None),
        ("sticker", b"%PDF-1.7", 40004),
    ],
)
async def test_rules_of_media(stage: Stage, kind: str, data: bytes, code: int | None) -> None:
    answer = await stage.upload(kind, data)
    assert answer["errcode"] == (code or 0)
    assert ("media_id" in answer) == (code is None)


@pytest.mark.parametrize(
    ("kind", "start", "most", "code"),
    [("image", b"\xff\xd8\xff", 10 << 20, 40009), ("voice", b"#!AMR", 2 << 20, 40006)],
)
async def test_the_largest_file(
    stage: Stage, kind: str, start: bytes, most: int, code: int
) -> None:
    assert (await stage.upload(kind, start.ljust(most, b"x")))["errcode"] == 0
    assert (await stage.upload(kind, start.ljust(most + 1, b"x")))["errcode"] == code


# ---- tokens and faults


async def test_tokens(stage: Stage) -> None:
    url, query = "/cgi-bin/gettoken", {"corpid": CORP, "corpsecret": "wrong"}
    async with stage.api.get(url, params=query) as answer:
        assert (await answer.json())["errcode"] == 40001
    async with stage.api.get(url, params={"corpid": "other"}) as answer:
        assert (await answer.json())["errcode"] == 40013
    good, stage.token = stage.token, "made-up"
    assert (await stage.send("text", {"content": "x"}))["errcode"] == 40014
    stage.token = ""
    assert (await stage.send("text", {"content": "x"}))["errcode"] == 41001
    stage.token = good
    stage.clock.advance(seconds=7200)
    assert (await stage.send("text", {"content": "x"}))["errcode"] == 42001


async def test_secrets_are_masked_in_the_log(stage: Stage) -> None:
    await stage.send("text", {"content": "x"})
    told = json.dumps([[e.request, e.response] for e in stage.desk.exchanges])
    assert SECRET not in told
    assert stage.token not in told


async def test_revoked_tokens_are_refused_until_a_new_one(stage: Stage) -> None:
    stage.faults.revoked = True
    assert (await stage.send("text", {"content": "x"}))["errcode"] == 40014
    old = stage.token
    await stage.fetch_token()
    assert (stage.token != old, stage.faults.revoked) == (True, False)
    assert (await stage.send("text", {"content": "x"}))["errcode"] == 0


async def test_throttled(stage: Stage) -> None:
    stage.faults.throttled = 1
    assert (await stage.send("text", {"content": "x"}))["errcode"] == 45009
    assert stage.bubbles() == []


async def test_failing(stage: Stage) -> None:
    stage.faults.failing = 1
    async with stage.api.post("/cgi-bin/message/send") as answer:
        assert answer.status == 502


async def test_lost_is_done_but_not_answered(stage: Stage) -> None:
    stage.faults.lost = 1
    with pytest.raises(aiohttp.ClientError):
        await stage.send("text", {"content": "x"})
    assert len(stage.bubbles()) == 1
    assert "lost" in stage.desk.exchanges[-1].note


async def test_slow_and_late_and_repeated(stage: Stage) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    stage.side.wire.sleep = sleep
    stage.faults.slow_seconds, stage.faults.late_seconds, stage.faults.repeats = 9, 7, 2
    await stage.send("text", {"content": "x"})
    await stage.side.say("zhangsan", "你好")
    assert waits == [9, 7]
    assert len({came.body for came in stage.momentum.came}) == 1
    assert len(stage.momentum.came) == 3
