"""Stream mode of the emulated DingTalk, heard by a small client of our own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from bot.emulator.dingtalk import LATE
from bot.emulator.dingtalk_stream import CARD, ROBOT
from tests.bot.emulator.dingtalk_stage import APP_KEY, APP_SECRET, Stage, opened_stage

ALL = [("EVENT", "*"), ("CALLBACK", ROBOT), ("CALLBACK", CARD)]
Answer = Callable[[Any], Any]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with opened_stage() as stage:
        yield stage


async def opened(stage: Stage, topics: Any = None, **changes: Any) -> tuple[int, Any]:
    subscriptions = [{"type": kind, "topic": topic} for kind, topic in topics or ALL]
    body = {"clientId": APP_KEY, "clientSecret": APP_SECRET, "subscriptions": subscriptions}
    return await stage.call("gateway/connections/open", {**body, **changes})


async def dialled(stage: Stage, topics: Any = None) -> aiohttp.ClientWebSocketResponse:
    _, found = await opened(stage, topics)
    assert found["endpoint"].startswith("ws://")
    socket: Any = await stage.api.ws_connect(f"/connect?ticket={found['ticket']}")
    return socket  # type: ignore[no-any-return]


class Client:
    """Answers each frame of a connection with what `answer` says of it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, answer: Answer) -> None:
        self.frames: list[Any] = []
        self._socket = socket
        self._answer = answer
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async for message in self._socket:
            frame = json.loads(message.data)
            self.frames.append(frame)
            ident = frame["headers"].get("messageId")
            data = self._answer(frame) if ident else None
            if data is not None:
                head = {"messageId": ident}
                ack = {"code": 200, "headers": head, "message": "OK", "data": json.dumps(data)}
                await self._socket.send_str(json.dumps(ack))


async def test_a_ticket_opens_one_connection_for_ninety_seconds(stage: Stage) -> None:
    ticket = (await opened(stage))[1]["ticket"]
    async with stage.api.ws_connect(f"/connect?ticket={ticket}"):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await stage.api.ws_connect(f"/connect?ticket={ticket}")
    late = (await opened(stage))[1]["ticket"]
    stage.clock.advance(seconds=90)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await stage.api.ws_connect(f"/connect?ticket={late}")
    assert (await opened(stage, clientSecret="x"))[0] == 401
    assert (await opened(stage, [("EVENT", "user_add_org")]))[0] == 400
    assert (await opened(stage, subscriptions=[]))[0] == 400


async def test_a_message_comes_as_a_frame_and_not_over_http(stage: Stage) -> None:
    client = Client(await dialled(stage), lambda _: {"response": None})
    await stage.side.say("staff01", "领取 17")
    (frame,) = client.frames
    assert (frame["type"], frame["headers"]["topic"]) == ("CALLBACK", ROBOT)
    assert frame["headers"]["contentType"] == "application/json"
    assert json.loads(frame["data"])["text"] == {"content": "领取 17"}
    assert stage.momentum.came == []
    assert stage.callbacks[-1].status == 200


async def test_what_nobody_subscribed_goes_over_http(stage: Stage) -> None:
    client = Client(await dialled(stage, [("EVENT", "*")]), lambda _: {})
    await stage.side.say("staff01", "帮助")
    assert client.frames == []
    assert len(stage.momentum.came) == 1


async def test_an_event_comes_again_until_it_is_taken(stage: Stage) -> None:
    verdicts = iter(["LATER", "SUCCESS"])
    client = Client(await dialled(stage), lambda _: {"status": next(verdicts)})
    assert await stage.side.notify("user_add_org", {"userId": ["staff02"]}) is True
    first, second = client.frames
    assert first["headers"]["eventId"] == second["headers"]["eventId"]
    assert first["headers"]["eventType"] == "user_add_org"
    assert json.loads(second["data"]) == {"userId": ["staff02"]}


async def test_a_press_is_answered_in_its_frame(stage: Stage) -> None:
    await stage.create(
        {"markdown": "旧", "buttons": "[]"}, callbackType="STREAM", callbackRouteKey=None
    )
    response = {"cardData": {"cardParamMap": {"markdown": "新"}}}
    client = Client(await dialled(stage), lambda _: {"response": response})
    assert await stage.side.press("staff01", "track-1:staff01", {"id": "button"}, {}) == ""
    assert client.frames[0]["headers"]["topic"] == CARD
    assert json.loads(client.frames[0]["data"])["outTrackId"] == "track-1"
    assert stage.desk.bubbles["track-1:staff01"].body["params"] == {"markdown": "新"}


async def test_silence_is_late(stage: Stage) -> None:
    await stage.create(callbackType="STREAM", callbackRouteKey=None)
    stage.side._card_budget = 0.02
    Client(await dialled(stage), lambda _: None)
    assert await stage.side.press("staff01", "track-1:staff01", {"id": "button"}, {}) == LATE
    assert "no answer" in stage.callbacks[-1].note


async def test_ping_and_farewell(stage: Stage) -> None:
    gateway = stage.side.gateway
    gateway._farewell = 0.0
    client = Client(await dialled(stage), lambda frame: json.loads(frame["data"]))
    assert await gateway.ping() is True
    assert client.frames[0]["type"] == "SYSTEM"
    await gateway.disconnect()
    assert gateway.subscribed("EVENT", "*") is False
    await asyncio.wait_for(client.task, 5)
    assert client.frames[-1]["headers"]["topic"] == "disconnect"
    assert await gateway.ping() is True  # nobody is there to miss it


async def test_each_push_goes_to_one_of_several(stage: Stage) -> None:
    clients = [Client(await dialled(stage), lambda _: {"response": None}) for _ in range(2)]
    for _ in range(8):
        await stage.side.say("staff01", "帮助")
    counts = [len(client.frames) for client in clients]
    assert sum(counts) == 8
    assert all(counts)
