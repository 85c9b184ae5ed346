from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from bot.adapter import Inline
from bot.dingtalk import frames as frames_module
from bot.dingtalk import link as link_module
from bot.dingtalk.messages import Home
from bot.dingtalk.stream import DingTalkListener
from bot.event import Event, Kind
from bot.http import Reply
from cards.card import Card, Text

from .desk import NOW, SETTINGS, payload
from .gateway import Gateway, Talk, Wire

ROBOT, CARD = "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"
Take = Callable[[Event], Awaitable[Inline | None]]


class Taker:
    """Keeps events; answers presses, or fails, as told."""

    def __init__(self, inline: Inline | None = None, fault: Exception | None = None) -> None:
        self.events: list[Event] = []
        self._inline = inline
        self._fault = fault

    async def __call__(self, event: Event) -> Inline | None:
        self.events.append(event)
        if self._fault:
            raise self._fault
        return self._inline


class Waits:
    """The time between dials, noted instead of waited."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@asynccontextmanager
async def listening(
    gateway: Gateway, take: Take, *, waits: Waits | None = None, idle: float = 60
) -> AsyncIterator[None]:
    """A listener connected to the gateway while the block runs."""
    async with TestServer(gateway.application()) as server, aiohttp.ClientSession() as session:
        gateway.base = str(server.make_url("")).rstrip("/")
        settings = replace(SETTINGS, api_base=gateway.base, stream_idle_seconds=idle)  # type: ignore[arg-type]
        listener = DingTalkListener(
            settings,
            app="main",
            tenant="shop",
            session=lambda: session,
            now=lambda: NOW,
            sleep=waits or Waits(),
        )
        task = asyncio.create_task(listener.run(take))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


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


async def test_what_is_asked_of_the_gateway() -> None:
    gateway = Gateway()
    async with listening(gateway, Taker()):
        await asyncio.wait_for(gateway.done.wait(), 5)
    (body,) = gateway.opened
    assert (body["clientId"], body["clientSecret"]) == (SETTINGS.app_key, SETTINGS.app_secret)
    assert body["subscriptions"] == [
        {"type": "EVENT", "topic": "*"},
        {"type": "CALLBACK", "topic": ROBOT},
        {"type": "CALLBACK", "topic": CARD},
    ]
    assert gateway.tickets == ["t/1+="]


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


def saying(*frames: str) -> Talk:
    async def talk(wire: Wire) -> None:
        for frame in frames:
            await wire.socket.send_str(frame)
        await wire.push("CALLBACK", ROBOT, payload("robot__text"))
        assert (await wire.answer())["code"] == 200

    return talk


async def test_noise_does_not_end_the_connection() -> None:
    gateway = Gateway(saying("", "no json", "[]", '{"type":"SYSTEM"}', '{"type":7,"headers":1}'))
    take = Taker()
    async with listening(gateway, take):
        await asyncio.wait_for(gateway.done.wait(), 5)
    assert len(take.events) == 1


async def test_a_new_connection_is_open_before_the_old_one_ends() -> None:
    """Frames still come on the old socket, and are answered there."""
    second_is_open, old_is_answered = asyncio.Event(), asyncio.Event()

    async def first(wire: Wire) -> None:
        farewell = {"reason": "connection is expired"}
        await wire.push("SYSTEM", "disconnect", farewell)
        await second_is_open.wait()
        await wire.push("CALLBACK", ROBOT, payload("robot__text"))
        assert (await wire.answer())["code"] == 200
        old_is_answered.set()
        await wire.socket.close()

    async def second(wire: Wire) -> None:
        second_is_open.set()
        await old_is_answered.wait()
        await wire.push("CALLBACK", ROBOT, {**payload("robot__text"), "msgId": "msg2"})
        assert (await wire.answer())["code"] == 200

    gateway, take = Gateway(first, second), Taker()
    async with listening(gateway, take):
        await asyncio.wait_for(gateway.done.wait(), 5)
    assert gateway.tickets == ["t/1+=", "t/2+="]
    assert [event.key for event in take.events] == ["msgEaxample0001==", "msg2"]


async def test_a_silent_connection_is_dialled_anew(caplog: pytest.LogCaptureFixture) -> None:
    revived = asyncio.Event()

    async def dead(wire: Wire) -> None:
        await revived.wait()  # takes pings and never answers

    async def second(wire: Wire) -> None:
        await saying()(wire)
        revived.set()

    gateway = Gateway(dead, second)
    async with listening(gateway, Taker(), idle=0.2):
        await asyncio.wait_for(gateway.done.wait(), 5)
    assert gateway.tickets[:2] == ["t/1+=", "t/2+="]
    assert "stream silent" in caplog.text


async def test_a_quiet_connection_that_answers_stays() -> None:
    async def quiet(wire: Wire) -> None:
        for _ in range(2):
            message = await wire.socket.receive(5)
            assert message.type is aiohttp.WSMsgType.PING
            await wire.socket.pong(message.data)
        await saying()(wire)

    gateway = Gateway(quiet)
    async with listening(gateway, Taker(), idle=0.6):
        await asyncio.wait_for(gateway.done.wait(), 5)
    assert gateway.tickets == ["t/1+="]


async def test_waits_grow_while_nothing_works(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.dingtalk.stream.random.uniform", lambda *_: 1.0)
    gateway, waits = Gateway(saying()), Waits()
    gateway.refusals = [(400, {"code": "invalidClientIdOrSecret"})] + [
        (503, {"code": "ServiceUnavailable"})
    ] * 7
    async with listening(gateway, Taker(), waits=waits):
        await asyncio.wait_for(gateway.done.wait(), 5)
    assert waits.seconds == [1, 2, 4, 8, 16, 32, 60, 60]
    assert "AppSecret" in caplog.text
    assert SETTINGS.app_secret not in repr([record.__dict__ for record in caplog.records])


async def test_a_good_connection_is_followed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "STEADY_SECONDS", 0.0)

    async def short(wire: Wire) -> None:
        await saying()(wire)
        await wire.socket.close()

    gateway, waits = Gateway(short, saying()), Waits()
    async with listening(gateway, Taker(), waits=waits):
        await asyncio.wait_for(gateway.done.wait(), 5)
    assert waits.seconds == [0]


async def test_a_server_that_hangs_up_at_once_is_not_hurried() -> None:
    async def rude(wire: Wire) -> None:
        await wire.socket.close()

    gateway, waits = Gateway(rude, rude, saying()), Waits()
    async with listening(gateway, Taker(), waits=waits):
        await asyncio.wait_for(gateway.done.wait(), 5)
    assert len(waits.seconds) == 2
    assert all(seconds > 0 for seconds in waits.seconds)


async def test_a_ping_is_answered() -> None:
    pongs: list[bytes] = []

    async def pinging(wire: Wire) -> None:
        await wire.socket.ping(b"there?")
        pongs.append((await wire.socket.receive(5)).data)

    gateway = Gateway(pinging)
    async with listening(gateway, Taker()):
        await asyncio.wait_for(gateway.done.wait(), 5)
    assert pongs == [b"there?"]


@pytest.mark.parametrize("endpoint", ["ws://wss-open-connection.dingtalk.com/connect", ""])
async def test_the_ticket_never_goes_over_plain_text(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, endpoint: str
) -> None:
    tried = asyncio.Event()

    async def answered(*args: Any, **options: Any) -> Reply:
        return Reply(200, {}, {"endpoint": endpoint, "ticket": "t1"})

    async def sleep(seconds: float) -> None:
        tried.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.dingtalk.stream.http.call", answered)
    listener = DingTalkListener(
        SETTINGS, app="main", tenant="shop", session=no_session_but, sleep=sleep
    )
    task = asyncio.create_task(listener.run(Taker()))
    await asyncio.wait_for(tried.wait(), 5)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert "stream not opened" in caplog.text


def no_session_but() -> Any:
    """A session that nobody may connect with."""
    return None


async def test_frames_that_want_no_answer() -> None:
    frame = {"type": "SYSTEM", "headers": {"topic": "KEEPALIVE"}, "data": "{}"}
    frames = frames_module.Frames(Home(SETTINGS, "main", "shop"), Taker(), lambda: NOW)
    assert await frames.answer(frame) is None
