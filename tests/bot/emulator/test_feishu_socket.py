"""The long connection: who may connect, what is pushed, and what becomes of no answer."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.emulator.desk import Json
from bot.emulator.feishu_frames import CONTROL, DATA, Frame, decode
from bot.emulator.feishu_socket import AUTH, ENDPOINT, MOST_CONNECTIONS, NO_CREDENTIAL, TOO_MANY
from tests.bot.emulator.feishu_world import APP, SECRET, World, claim_card, opened_world

CLAIM: Json = {"value": {"command": "领取 17"}}
Answer = Callable[[Json], Json | None]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with opened_world(budget=0.2) as world:
        yield world


async def asked(world: World, app: str = APP, secret: str = SECRET) -> Json:
    body = {"AppID": app, "AppSecret": secret}
    _, answer = await world.call("POST", ENDPOINT, body, headers={"locale": "zh"})
    return answer


class Client:
    """A client of the long connection: joins parts, keeps events, acknowledges them."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, answer: Answer) -> None:
        self.socket = socket
        self.answer = answer
        self.events: list[Json] = []
        self.frames: list[Frame] = []
        self.parts: dict[str, list[bytes]] = {}
        self.heard = asyncio.Event()

    async def run(self) -> None:
        async for message in self.socket:
            frame = decode(message.data)
            self.frames.append(frame)
            if frame.method == DATA:
                await self._take(frame)

    async def _take(self, frame: Frame) -> None:
        parts = self.parts.setdefault(frame.header("message_id"), [])
        parts.append(frame.payload)
        if len(parts) < int(frame.header("sum")):
            return
        self.events.append(json.loads(b"".join(parts)))
        self.heard.set()
        answer = self.answer(self.events[-1])
        if answer is not None:
            headers = (*frame.headers, ("biz_rt", "1"))
            payload = json.dumps(answer).encode()
            echo = Frame(frame.seq, frame.log, frame.service, DATA, headers, payload)
            await self.socket.send_bytes(echo.encode())


def fine(_: Json) -> Json:
    return {"code": 200}


@asynccontextmanager
async def connected(world: World, answer: Answer = fine) -> AsyncIterator[Client]:
    url = (await asked(world))["data"]["URL"]
    async with world.session.ws_connect(url) as socket:
        client = Client(socket, answer)
        running = asyncio.create_task(client.run())
        try:
            yield client
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    ("app", "secret", "code"), [("", "", NO_CREDENTIAL), (APP, "wrong", AUTH), ("x", SECRET, AUTH)]
)
async def test_only_the_app_gets_an_address(world: World, app: str, secret: str, code: int) -> None:
    assert (await asked(world, app, secret))["code"] == code


async def test_the_secret_is_not_in_the_log(world: World) -> None:
    await asked(world)
    assert SECRET not in str(world.desk.exchanges)


async def test_an_address_serves_once(world: World) -> None:
    url = (await asked(world))["data"]["URL"]
    async with world.session.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await world.session.ws_connect(url)
    assert refused.value.headers is not None
    assert refused.value.headers["handshake-status"] == str(AUTH)


async def test_fifty_connections_are_enough(world: World) -> None:
    spare = (await asked(world))["data"]["URL"]
    sockets = []
    for _ in range(MOST_CONNECTIONS):
        url = (await asked(world))["data"]["URL"]
        sockets.append(await world.session.ws_connect(url))
    assert (await asked(world))["code"] == TOO_MANY
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await world.session.ws_connect(spare)
    assert refused.value.headers is not None
    assert refused.value.headers["handshake-autherrcode"] == str(TOO_MANY)
    await asyncio.gather(*(socket.close() for socket in sockets))


async def test_a_ping_is_answered_with_the_settings(world: World) -> None:
    url = (await asked(world))["data"]["URL"]
    async with world.session.ws_connect(url) as socket:
        await socket.send_bytes(Frame(0, 0, 7, CONTROL, (("type", "ping"),)).encode())
        pong = decode(await socket.receive_bytes(timeout=5))
    assert (pong.method, pong.service, pong.header("type")) == (CONTROL, 7, "pong")
    assert json.loads(pong.payload)["PingInterval"] == 120


async def test_words_go_through_the_connection_and_not_to_the_webhook(world: World) -> None:
    async with connected(world) as client:
        await world.side.say("ou_rep", "领取 17")
        (event,) = client.events
        assert json.loads(event["event"]["message"]["content"]) == {"text": "领取 17"}
        assert world.callbacks == []
        came = world.desk.exchanges[-1]
        assert (came.method, came.direction, came.status) == ("WS", "in", 200)
    await gone(world)
    await world.side.say("ou_rep", "领取 18")
    assert len(world.callbacks) == 1


async def gone(world: World) -> None:
    """Wait until the platform has noticed that its clients are gone."""
    async with asyncio.timeout(5):
        await world.side.long.idle.wait()


async def test_a_long_message_comes_in_parts(world: World) -> None:
    async with connected(world) as client:
        await world.side.say("ou_rep", "长" * 50_000)
        assert [frame.header("seq") for frame in client.frames] == ["0", "1", "2"]
        assert len(json.loads(client.events[0]["event"]["message"]["content"])["text"]) == 50_000


async def test_an_event_that_failed_or_was_not_answered_comes_again(world: World) -> None:
    answers: list[Any] = [{"code": 500}, None, {"code": 200}]
    async with connected(world, lambda _: answers.pop(0)) as client:
        await world.side.say("ou_rep", "领取 17")
        assert world.slept == [15, 300]
        assert len({event["header"]["event_id"] for event in client.events}) == 1
    statuses = [one.status for one in world.desk.exchanges if one.method == "WS"]
    assert statuses == [500, 0, 200]


async def test_each_event_goes_to_one_of_them(world: World) -> None:
    async with connected(world) as one, connected(world) as other:
        for number in range(20):
            await world.side.say("ou_rep", f"领取 {number}")
        assert len(one.events) + len(other.events) == 20
        assert one.events
        assert other.events


def press_answer(body: Json) -> Answer:
    inside = base64.b64encode(json.dumps(body).encode()).decode()
    return lambda _: {"code": 200, "data": inside}


async def test_a_press_brings_its_card_back(world: World) -> None:
    new = claim_card(title="已领取")
    body = {"toast": {"type": "success", "content": "好"}, "card": {"type": "raw", "data": new}}
    async with connected(world, press_answer(body)) as client:
        sent = await world.sent(claim_card())
        assert await world.side.press("ou_rep", sent, CLAIM, {}) == "好"
        assert client.events[0]["header"]["event_type"] == "card.action.trigger"
    assert world.bubble(sent).body == new


@pytest.mark.parametrize(
    ("answer", "code"), [({"code": 500}, 200671), (None, 200341), ({"code": "?"}, 200342)]
)
async def test_a_press_without_a_good_answer_says_so(
    world: World, answer: Json | None, code: int
) -> None:
    async with connected(world, lambda _: answer):
        sent = await world.sent(claim_card())
        assert str(code) in await world.side.press("ou_rep", sent, CLAIM, {})


async def test_a_cut_connection_loses_the_press(world: World) -> None:
    async with connected(world, lambda _: None) as client:
        sent = await world.sent(claim_card())
        pressing = asyncio.create_task(world.side.press("ou_rep", sent, CLAIM, {}))
        await client.heard.wait()
        await world.side.long.close()
        assert "200342" in await pressing


async def test_nonsense_ends_the_connection(world: World) -> None:
    url = (await asked(world))["data"]["URL"]
    async with world.session.ws_connect(url) as socket:
        await socket.send_bytes(b"\xff\xff")
        message = await socket.receive(timeout=5)
        assert message.type is aiohttp.WSMsgType.CLOSE
