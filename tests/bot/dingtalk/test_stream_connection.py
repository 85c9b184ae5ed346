from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import aiohttp
import pytest

from bot.dingtalk import link as link_module
from bot.dingtalk.stream import DingTalkListener
from bot.http import Reply

from .desk import SETTINGS, payload
from .gateway import Gateway, Talk, Wire
from .listening import CARD, ROBOT, Taker, Waits, listening


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
    async with listening(gateway, Taker(), idle=1.0):
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
