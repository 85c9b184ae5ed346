"""The long connection against a small gateway of our own."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.adapter import Inline, TransientError, UndeliverableError
from bot.event import Event, Kind
from bot.feishu.endpoint import Pace
from bot.feishu.frame import DATA, Frame, decode, encode
from bot.feishu.stream import FeishuListener
from cards.card import Tone
from config.settings import Feishu
from tests.bot.feishu import cards
from tests.bot.feishu.rules import check
from tests.bot.feishu.seal import payload

TYPED, CLAIM = "im.message.receive_v1__text_p2p", "card.action.trigger__claim"
CONFIG = {"ReconnectCount": -1, "ReconnectInterval": 7, "ReconnectNonce": 3, "PingInterval": 60}


@dataclass
class Gateway:
    """Plays the platform: each connection gets the next of `scripts`."""

    scripts: list[Callable[[Gateway, web.WebSocketResponse], Awaitable[None]]] = field(
        default_factory=list
    )
    endpoint: dict[str, Any] = field(default_factory=dict)
    handshake: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=lambda: dict(CONFIG))
    came: list[Frame] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    often: asyncio.Event = field(default_factory=asyncio.Event)  # asked four times
    base: str = ""

    async def where(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        if len(self.asked) == 4:
            self.often.set()
        url = f"{self.base}/link?device_id=d&service_id=33".replace("http", "ws", 1)
        data = {"URL": url, "ClientConfig": self.config}
        return web.json_response(self.endpoint or {"code": 0, "data": data})

    async def link(self, request: web.Request) -> web.StreamResponse:
        if self.handshake:
            return web.Response(status=403, headers=self.handshake)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if not self.scripts:
            self.done.set()
            async for _ in socket:
                pass
            return socket
        await self.scripts.pop(0)(self, socket)
        return socket

    async def frame(self, socket: web.WebSocketResponse) -> Frame:
        self.came.append(decode(await socket.receive_bytes(timeout=5)))
        return self.came[-1]


def data(body: Any, kind: str = "event", **headers: str) -> Frame:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    pairs = {"type": kind, "message_id": "m-1", "sum": "1", "seq": "0", **headers}
    return Frame(7, 9, 33, DATA, tuple(pairs.items()), payload=raw)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    app = web.Application()
    app.router.add_post("/callback/ws/endpoint", gateway.where)
    app.router.add_get("/link", gateway.link)
    async with TestServer(app) as server:
        gateway.base = str(server.make_url("")).rstrip("/")
        yield gateway


@dataclass
class Run:
    gateway: Gateway
    inline: Inline | None = None
    fault: Exception | None = None
    press_seconds: float = 2.0
    hold: asyncio.Event | None = None
    events: list[Event] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    async def take(self, event: Event) -> Inline | None:
        self.events.append(event)
        if self.hold:
            await self.hold.wait()
        if self.fault:
            raise self.fault
        return self.inline

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    async def until_done(self) -> None:
        """Listen until every script has run and one more connection stands."""
        task = asyncio.create_task(self.listen())
        waiting = asyncio.create_task(self.gateway.done.wait())
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED, timeout=10)
        task.cancel()
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def listen(self) -> None:
        settings = Feishu("cli_r", "secret", api_base=self.gateway.base)
        async with aiohttp.ClientSession() as session:
            await FeishuListener(
                settings,
                "main",
                "acme",
                lambda: session,
                sleep=self.sleep,
                jitter=lambda: 0.5,
                press_seconds=self.press_seconds,
            ).run(self.take)


async def exchange(run: Run, *frames: Frame) -> list[Frame]:
    """Send frames; return the answers to the last of them and what the client said before."""

    async def script(gateway: Gateway, socket: web.WebSocketResponse) -> None:
        await gateway.frame(socket)  # the first ping
        for frame in frames:
            await socket.send_bytes(encode(frame))
        await gateway.frame(socket)

    run.gateway.scripts.append(script)
    await run.until_done()
    return run.gateway.came


async def test_an_event_is_taken_and_acknowledged(gateway: Gateway) -> None:
    run = Run(gateway)
    ping, ack = await exchange(run, data(payload(TYPED)))
    assert gateway.asked[0] == {"AppID": "cli_r", "AppSecret": "secret"}
    assert (ping.method, ping.service, ping.header("type")) == (0, 33, "ping")
    (event,) = run.events
    assert (event.platform, event.app, event.tenant) == ("feishu", "main", "acme")
    assert (event.kind, event.text, event.key) == (Kind.MESSAGE, "领取 17", "om_1")
    assert json.loads(ack.payload) == {"code": 200}
    assert (ack.sequence, ack.header("message_id")) == (7, "m-1")
    assert ack.header("biz_rt").isdigit()


@pytest.mark.parametrize("kind", ["event", "card"])
async def test_a_press_is_answered_in_place_whatever_its_frame_is_called(
    gateway: Gateway, kind: str
) -> None:
    run = Run(gateway, Inline(cards.DECISION, "已领取", Tone.GOOD))
    _, ack = await exchange(run, data(payload(CLAIM), kind))
    answer = json.loads(ack.payload)
    assert answer["code"] == 200
    seen = json.loads(base64.b64decode(answer["data"]))
    assert seen["toast"] == {"type": "success", "content": "已领取"}
    check(seen["card"]["data"])


async def test_a_slow_press_gets_a_toast_and_a_slow_event_comes_again(gateway: Gateway) -> None:
    hold = asyncio.Event()
    run = Run(gateway, press_seconds=0.01, hold=hold)
    _, ack = await exchange(run, data(payload(CLAIM)))
    toast = json.loads(base64.b64decode(json.loads(ack.payload)["data"]))["toast"]
    assert "正在处理" in toast["content"]
    gateway.done.clear()
    answers = await exchange(run, data(payload(TYPED)))
    assert json.loads(answers[-1].payload) == {"code": 500}
    hold.set()


async def test_a_failed_event_is_asked_for_again(gateway: Gateway) -> None:
    _, ack = await exchange(Run(gateway, fault=RuntimeError("database")), data(payload(TYPED)))
    assert json.loads(ack.payload) == {"code": 500}


@pytest.mark.parametrize(
    "body", [b"{", b"[]", {"schema": "2.0", "header": {"app_id": "cli_other"}, "event": {}}]
)
async def test_what_is_not_ours_is_acknowledged_and_dropped(gateway: Gateway, body: Any) -> None:
    run = Run(gateway)
    _, ack = await exchange(run, data(body))
    assert json.loads(ack.payload) == {"code": 200}
    assert run.events == []


async def test_pieces_noise_and_new_intervals(gateway: Gateway) -> None:
    raw = json.dumps(payload(TYPED)).encode()
    count = -(-len(raw) // 300)
    parts = [
        data(raw[at : at + 300], sum=str(count), seq=str(number))
        for number, at in enumerate(range(0, len(raw), 300))
    ]
    pong = Frame(headers=(("type", "pong"),), payload=b'{"ReconnectInterval": 1}')
    unknown = Frame(method=0, headers=(("type", "hello"),))
    run = Run(gateway)
    answers = await exchange(run, unknown, pong, *parts)
    assert [event.text for event in run.events] == ["领取 17"]
    assert answers[-1].header("seq") == str(count - 1)


async def test_it_connects_again_first_soon_then_steadily(gateway: Gateway) -> None:
    async def hang_up(_: Gateway, socket: web.WebSocketResponse) -> None:
        await socket.close()

    gateway.scripts += [hang_up, hang_up]
    run = Run(gateway)
    await run.until_done()
    assert run.waits == [1.5, 1.5]  # half of the nonce, each time after a working connection

    gateway.endpoint, gateway.config = {"code": 1, "msg": "busy"}, {}
    gateway.asked.clear()
    patient = Run(gateway)
    task = asyncio.create_task(patient.listen())
    await asyncio.wait_for(gateway.often.wait(), 10)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert patient.waits[:3] == [15.0, 120.0, 120.0]


async def test_attempts_may_be_limited_by_the_server(gateway: Gateway) -> None:
    gateway.config |= {"ReconnectCount": 2}
    gateway.handshake = {"handshake-status": "500"}
    run = Run(gateway)
    with pytest.raises(TransientError):
        await run.listen()
    assert run.waits == [1.5, 7]


@pytest.mark.parametrize(
    ("endpoint", "handshake", "advice"),
    [
        ({"code": 514, "msg": "auth"}, {}, "App Secret"),
        ({"code": 403, "msg": "no"}, {}, "长连接"),
        ({"code": 1000040350, "msg": "many"}, {}, "50 个"),
        ({}, {"handshake-status": "514", "handshake-autherrcode": "1000040350"}, "50 个"),
        ({}, {"handshake-status": "403"}, "长连接"),
    ],
)
async def test_what_an_admin_must_mend_ends_it(
    gateway: Gateway, endpoint: dict[str, Any], handshake: dict[str, str], advice: str
) -> None:
    gateway.endpoint, gateway.handshake = endpoint, handshake
    with pytest.raises(UndeliverableError) as fault:
        await Run(gateway).listen()
    assert advice in fault.value.advice


def test_only_sensible_intervals_are_taken_over() -> None:
    told = {"PingInterval": 0, "ReconnectNonce": -1, "ReconnectInterval": "9", "ReconnectCount": -1}
    assert Pace().updated(told) == Pace()
    assert Pace().updated(None) == Pace()
    assert Pace().updated({"PingInterval": 30}).ping == 30
