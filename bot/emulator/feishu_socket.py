"""Feishu's long connection: where an app connects, and how events and presses go through it.

An event goes to one connection, chosen at random, and is sent again when it is not acknowledged
with 200. Source: 使用长连接接收事件 and the vendor SDKs' ws clients.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from bot.emulator.calls import Answer, Call, masked
from bot.emulator.desk import Exchange, Json
from bot.emulator.feishu_frames import CONTROL, DATA, Frame, FrameError, decode
from bot.emulator.wire import Callback, Received, Wire

ENDPOINT, SOCKET = "/callback/ws/endpoint", "/callback/ws/connect"
MOST_CONNECTIONS = 50
PIECE = 60 << 10  # bytes of payload in one frame; longer ones come in parts
TICKETS = 100
AUTH, NO_CREDENTIAL, TOO_MANY = 514, 1000040344, 1000040350
PING_SECONDS = 120


@dataclass(eq=False, slots=True)
class Connection:
    """One client; `waiting` are its messages without an acknowledgement, by message_id."""

    socket: web.WebSocketResponse
    service: int
    waiting: dict[str, asyncio.Future[bytes]] = field(default_factory=dict)


class LongConnection:
    """The connections of one app. `config` is what clients are told about pings and waits."""

    def __init__(
        self,
        wire: Wire,
        *,
        app_id: str,
        app_secret: str,
        config: Json | None = None,
        dice: random.Random | None = None,
        piece: int = PIECE,
    ) -> None:
        self._wire = wire
        self._app_id = app_id
        self._secret = app_secret
        self._config = config or {
            "ReconnectCount": -1,
            "ReconnectInterval": 120,
            "ReconnectNonce": 30,
            "PingInterval": PING_SECONDS,
        }
        self._dice = dice or wire.faults.dice
        self._piece = piece
        self._tickets: dict[str, int] = {}
        self._connections: list[Connection] = []
        self.idle = asyncio.Event()  # set while nobody is connected
        self.idle.set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(ENDPOINT, self._wire.endpoint(self._endpoint)),
            web.get(SOCKET, self._connect),
        ]

    @property
    def is_connected(self) -> bool:
        return bool(self._connections)

    async def close(self) -> None:
        """Cut every connection, as the platform does now and then."""
        for connection in list(self._connections):
            await connection.socket.close()

    async def deliver(
        self, callback: Callback, *, budget: float, pauses: Sequence[float] = ()
    ) -> Received | None:
        """Push a callback, again after each of `pauses` until it is acknowledged with 200.

        What was answered (for a press the JSON inside `data`); None when nothing was.
        """
        payload = json.dumps(callback.readable, ensure_ascii=False).encode()
        faults, received = self._wire.faults, None
        if faults.late_seconds:
            await self._wire.sleep(faults.late_seconds)
        for turn, pause in enumerate((0.0, *pauses)):
            if pause:
                await self._wire.sleep(pause)
            if not self._connections:
                break
            received = await self._push(callback, payload, budget, turn)
            if received is not None:
                break
        for _ in range(faults.repeats if self._connections else 0):
            await self._push(callback, payload, budget, 0)
        return received

    async def _endpoint(self, call: Call) -> Answer:
        asked = call.body if isinstance(call.body, dict) else {}
        if not asked.get("AppID") or not asked.get("AppSecret"):
            return Answer({"code": NO_CREDENTIAL, "msg": "no credential", "data": None})
        if (asked["AppID"], asked["AppSecret"]) != (self._app_id, self._secret):
            return Answer({"code": AUTH, "msg": "auth failed", "data": None})
        if len(self._connections) >= MOST_CONNECTIONS:
            return Answer({"code": TOO_MANY, "msg": "too many connections", "data": None})
        device, service = secrets.token_hex(8), self._dice.randrange(1, 1 << 31)
        self._tickets[device] = service
        for old in list(self._tickets)[:-TICKETS]:
            del self._tickets[old]
        host = call.headers.get("Host", "127.0.0.1")
        url = f"ws://{host}{SOCKET}?device_id={device}&service_id={service}"
        return Answer({"code": 0, "msg": "", "data": {"URL": url, "ClientConfig": self._config}})

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        refused = self._refused(request)
        if refused is not None:
            return refused
        socket = web.WebSocketResponse(max_msg_size=1 << 20)
        await socket.prepare(request)
        connection = Connection(socket, int(request.query["service_id"]))
        self._connections.append(connection)
        self.idle.clear()
        try:
            async for message in socket:
                await self._heard(connection, message)
        finally:
            self._connections.remove(connection)
            if not self._connections:
                self.idle.set()
            for waiting in connection.waiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionResetError())
        return socket

    def _refused(self, request: web.Request) -> web.Response | None:
        """A handshake without a ticket, or one connection too many; each ticket serves once."""
        service = self._tickets.pop(request.query.get("device_id", ""), None)
        if service is None or str(service) != request.query.get("service_id"):
            said = {"handshake-status": str(AUTH), "handshake-msg": "auth failed"}
        elif len(self._connections) >= MOST_CONNECTIONS:
            said = {
                "handshake-status": str(AUTH),
                "handshake-msg": "too many connections",
                "handshake-autherrcode": str(TOO_MANY),
            }
        else:
            return None
        return web.Response(status=403, headers=said)

    async def _heard(self, connection: Connection, message: WSMessage) -> None:
        if message.type is not WSMsgType.BINARY:
            return
        try:
            frame = decode(message.data)
        except FrameError:
            await connection.socket.close(code=1003)
            return
        if frame.method == CONTROL:
            if frame.header("type") == "ping":
                config = json.dumps(self._config).encode()
                pong = Frame(0, 0, frame.service, CONTROL, (("type", "pong"),), config)
                await connection.socket.send_bytes(pong.encode())
            return
        waiting = connection.waiting.get(frame.header("message_id"))
        if frame.method == DATA and waiting is not None and not waiting.done():
            waiting.set_result(frame.payload)

    async def _push(
        self, callback: Callback, payload: bytes, budget: float, turn: int
    ) -> Received | None:
        connection = self._dice.choice(self._connections)
        started, key = time.perf_counter(), f"m-{secrets.token_hex(8)}"
        waiting = connection.waiting[key] = asyncio.get_running_loop().create_future()
        notes = [f"long connection, {len(payload)} bytes", f"retry {turn}" if turn else ""]
        received = None
        try:
            async with asyncio.timeout(budget):
                await self._send(connection, key, payload)
                received = _acknowledged(await waiting)
        except TimeoutError:
            notes.append(f"no answer within {budget:g} s")
        except ConnectionError:
            notes.append("connection lost")
        except ValueError as fault:
            notes.append(f"answer not understood: {fault}")
        finally:
            connection.waiting.pop(key, None)
        self._record(callback, received, started, notes)
        return received if received is not None and received.status == 200 else None

    async def _send(self, connection: Connection, key: str, payload: bytes) -> None:
        pieces = [payload[at : at + self._piece] for at in range(0, len(payload), self._piece)]
        for number, piece in enumerate(pieces):
            headers = (
                ("type", "event"),
                ("message_id", key),
                ("sum", str(len(pieces))),
                ("seq", str(number)),
                ("trace_id", secrets.token_hex(16)),
            )
            frame = Frame(self._wire.desk.next_id(), 0, connection.service, DATA, headers, piece)
            await connection.socket.send_bytes(frame.encode())

    def _record(
        self, callback: Callback, received: Received | None, started: float, notes: list[str]
    ) -> None:
        self._wire.desk.record(
            Exchange(
                id=self._wire.desk.next_id(),
                platform=self._wire.platform,
                direction="in",
                at=self._wire.desk.now().isoformat(),
                method="WS",
                path=SOCKET,
                status=received.status if received else 0,
                ms=round((time.perf_counter() - started) * 1000, 1),
                request=masked(callback.readable),
                response=masked(received.readable) if received else None,
                user=callback.user,
                note=", ".join(filter(None, notes)),
            )
        )


def _acknowledged(payload: bytes) -> Received:
    """An acknowledgement: its code, and the answer inside. ValueError for what is none."""
    answer: Any = json.loads(payload)
    if not isinstance(answer, dict) or not isinstance(answer.get("code"), int):
        raise ValueError("no code")
    inside = base64.b64decode(answer.get("data") or "", validate=True)
    return Received(answer["code"], inside, json.loads(inside) if inside else {})
