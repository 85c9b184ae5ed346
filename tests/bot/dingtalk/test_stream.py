from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.adapter import Inline
from bot.dingtalk import frames as frames_module
from bot.dingtalk.messages import Home
from bot.event import Event, Kind
from cards.card import Card, Text

from .desk import NOW, SETTINGS, payload
from .gateway import Gateway, Wire
from .listening import CARD, ROBOT, Take, Taker, listening


async def told(take: Take, type_: str, topic: str, data: Any, **heads: str) -> Any:
    """What the listener answers to one frame."""
    answers: list[Any] = []

    async def talk(wire: Wire) -> None:
        await wire.push(type_, topic, data, **heads)
        answers.append(await wire.answer())

    gateway = Gateway(talk)
    async with listening(gateway, take):
        await asyncio.wait_for(gateway.done.wait(), 5)
    (answer,) = answers
    assert answer["headers"] == {"messageId": "m-1", "contentType": "application/json"}
    return answer


async def test_a_message() -> None:
    take = Taker()
    answer = await told(take, "CALLBACK", ROBOT, payload("robot__text"))
    assert (answer["code"], answer["data"]) == (200, {"response": None})
    (event,) = take.events
    assert (event.kind, event.text, event.key) == (Kind.MESSAGE, "领取 17", "msgEaxample0001==")


async def test_an_event_whose_facts_are_in_the_frame() -> None:
    take = Taker()
    heads = {
        "eventType": "user_add_org",
        "eventId": "e-7",
        "eventCorpId": SETTINGS.corp_id,
        "eventBornTime": "1772413200000",
    }
    answer = await told(take, "EVENT", "*", {"userId": ["staff01", "staff02"]}, **heads)
    assert (answer["code"], answer["data"]["status"]) == (200, "SUCCESS")
    (event,) = take.events
    assert (event.kind, event.text, event.key, event.at) == (
        Kind.NOTICE,
        "user_add_org",
        "e-7",
        NOW,
    )
    assert event.origin["change_type"] == "created"
    assert event.origin["user"] == "staff01,staff02"


async def test_a_press_is_answered_with_its_card() -> None:
    inline = Inline(Card("已接手", (Text("由李娜"),), ref="fuse:17"), "已接手")
    take = Taker(inline)
    answer = await told(take, "CALLBACK", CARD, payload("card__button"))
    response = answer["data"]["response"]
    assert response["cardData"]["cardParamMap"]["title"] == "已接手"
    assert response["userPrivateData"] == {"cardParamMap": {"tip": "已接手"}}
    (event,) = take.events
    assert (event.kind, event.text, event.at) == (Kind.PRESS, "接手 17 v3", NOW)


async def test_a_slow_press_is_acknowledged_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames_module, "PRESS_SECONDS", 0.01)
    release, finished = asyncio.Event(), asyncio.Event()

    async def take(event: Event) -> Inline | None:
        await release.wait()
        finished.set()
        return None

    answer = await told(take, "CALLBACK", CARD, payload("card__button"))
    assert answer["code"] == 200
    assert "cardData" not in answer["data"]["response"]
    release.set()
    await asyncio.wait_for(finished.wait(), 5)


@pytest.mark.parametrize(
    ("type_", "topic", "name", "code", "data"),
    [
        ("EVENT", "*", "event__user_leave", 200, {"status": "LATER", "message": "try again"}),
        ("CALLBACK", ROBOT, "robot__text", 500, {"response": None}),
    ],
)
async def test_what_was_not_kept_is_asked_for_again(
    caplog: pytest.LogCaptureFixture, type_: str, topic: str, name: str, code: int, data: Any
) -> None:
    answer = await told(Taker(fault=OSError("disk")), type_, topic, payload(name))
    assert (answer["code"], answer["data"]) == (code, data)
    assert "event not kept" in caplog.text


async def test_a_press_that_was_not_kept(caplog: pytest.LogCaptureFixture) -> None:
    answer = await told(Taker(fault=OSError("disk")), "CALLBACK", CARD, payload("card__button"))
    assert answer["code"] == 500
    assert "press not taken" in caplog.text


@pytest.mark.parametrize(
    ("type_", "topic", "data"),
    [
        ("CALLBACK", ROBOT, {"chatbotCorpId": "dingother"}),
        ("CALLBACK", CARD, {"corpId": "dingother"}),
        ("EVENT", "*", {"corpId": "dingother"}),
        ("CALLBACK", ROBOT, "no object"),
        ("EVENT", "*", [1]),
    ],
)
async def test_what_is_not_for_us_is_not_kept(
    caplog: pytest.LogCaptureFixture, type_: str, topic: str, data: Any
) -> None:
    take = Taker()
    assert (await told(take, type_, topic, data))["code"] == 200
    assert take.events == []
    assert "frame rejected" in caplog.text


async def test_other_frames() -> None:
    take = Taker()
    assert (await told(take, "SYSTEM", "ping", {"opaque": "x"}))["data"] == {"opaque": "x"}
    assert (await told(take, "CALLBACK", "/v1.0/graph/api/invoke", {}))["code"] == 404
    asked = await told(take, "CALLBACK", CARD, {"type": "dynamicDataCallback"})
    assert asked["data"] == {"response": {"dataSourceQueryResponses": []}}
    assert take.events == []


async def test_frames_that_want_no_answer() -> None:
    frame = {"type": "SYSTEM", "headers": {"topic": "KEEPALIVE"}, "data": "{}"}
    frames = frames_module.Frames(Home(SETTINGS, "main", "shop"), Taker(), lambda: NOW)
    assert await frames.answer(frame) is None
