"""The emulator's page: three phones and the wire log, and the small API behind them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from aiohttp import ClientError, web

from bot.emulator import parcel
from bot.emulator.desk import Desk, Json, Side
from bot.emulator.gallery import Build, Gallery
from bot.emulator.guard import Answer, guarded

FILES = Path(__file__).parents[2] / "pages" / "emulator"
TYPES = {".html": "text/html", ".css": "text/css"}
TYPES |= {".js": "text/javascript", ".svg": "image/svg+xml"}

HEARTBEAT_SECONDS = 15.0
BACKLOG = 500  # events a slow listener may be behind before it is told to read everything again
SAY_CHARS = 4000
MOST_HOURS = 720

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)

log = logging.getLogger(__name__)

T = TypeVar("T")


def routes(
    desk: Desk,
    sides: Mapping[str, Side],
    *,
    advance: Callable[[timedelta], Awaitable[datetime]],
    links: Mapping[str, str] = {},
    hosts: Collection[str] = (),
    gallery: Build | None = None,
    send: Callable[[Side, str, str], Awaitable[None]] = parcel.send,
) -> list[web.RouteDef]:
    """The page's routes; `advance` moves the emulated clock and returns the new time.

    `links` are shown in the header ("console" is the admins' page). `hosts` are further names
    the demo may be reached by; localhost and bare IP addresses always work. `gallery` makes what
    the gallery shows. `send` has a person send a picture, a file or a voice message.
    """
    shown = {"gallery": "/emulator/gallery"} if gallery else {}
    rooms = _Page(desk, sides, advance, {**links, **shown}, send)
    hall = _gallery(rooms, Gallery(desk, gallery)) if gallery else []
    known = frozenset({"localhost", *(host.lower() for host in hosts)})
    return [
        web.RouteDef(method, path, guarded(answer, known), {})
        for method, path, answer in (
            ("GET", "/", rooms.index),
            ("GET", "/emulator/", rooms.index),
            ("GET", "/emulator/static/{name}", rooms.static),
            ("GET", "/emulator/media/{key:.+}", rooms.media),
            ("GET", "/emulator/api/state", rooms.state),
            ("GET", "/emulator/api/feed", rooms.feed),
            ("POST", "/emulator/api/say", rooms.say),
            ("POST", "/emulator/api/send", rooms.send),
            ("POST", "/emulator/api/press", rooms.press),
            ("POST", "/emulator/api/time", rooms.time),
            *hall,
        )
    ]


def _gallery(rooms: _Page, gallery: Gallery) -> list[tuple[str, str, Answer]]:
    async def index(_: web.Request) -> web.StreamResponse:
        return rooms.file("gallery.html")

    async def exhibits(_: web.Request) -> web.StreamResponse:
        return _json(await gallery.shown())

    return [("GET", "/emulator/gallery", index), ("GET", "/emulator/api/gallery", exhibits)]


def hang_up(desk: Desk) -> None:
    """End every open feed, so that a stopping server need not wait for open pages."""
    _tell(desk, "close", {})


def _tell(desk: Desk, kind: str, data: Json) -> None:
    for listener in list(desk.changed):
        listener(kind, data)


class _Page:
    def __init__(
        self,
        desk: Desk,
        sides: Mapping[str, Side],
        advance: Callable[[timedelta], Awaitable[datetime]],
        links: dict[str, str],
        send: Callable[[Side, str, str], Awaitable[None]],
    ) -> None:
        self._parcel = send
        self._desk = desk
        self._sides = sides
        self._advance = advance
        self._links = links
        self._files = {path.name: path for path in FILES.iterdir() if path.suffix in TYPES}

    async def index(self, _: web.Request) -> web.StreamResponse:
        return self.file("index.html")

    async def static(self, request: web.Request) -> web.StreamResponse:
        return self.file(request.match_info["name"])

    def file(self, name: str) -> web.StreamResponse:
        path = self._files.get(name)
        if path is None:
            raise web.HTTPNotFound(text="没有这个文件")
        return web.FileResponse(
            path,
            headers={
                "Content-Type": f"{TYPES[path.suffix]}; charset=utf-8",
                "Cache-Control": "no-cache",
                "Content-Security-Policy": PAGE_POLICY,
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def media(self, request: web.Request) -> web.StreamResponse:
        kept = self._desk.media.get(request.match_info["key"])
        if kept is None:
            raise web.HTTPNotFound(text="没有这个素材")
        kind, content = kept
        headers = {
            "Content-Type": kind,
            "Cache-Control": "private, max-age=3600",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        }
        if not kind.startswith("image/"):
            headers["Content-Disposition"] = "attachment"
        return web.Response(body=content, headers=headers)

    async def state(self, _: web.Request) -> web.StreamResponse:
        desk = self._desk
        return _json(
            {
                "now": desk.now().isoformat(),
                "residents": [asdict(resident) for resident in desk.residents],
                "bubbles": [asdict(bubble) for bubble in desk.bubbles.values()],
                "exchanges": [asdict(exchange) for exchange in desk.exchanges],
                "links": self._links,
            }
        )

    async def feed(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        listener = _Listener()
        self._desk.changed.append(listener)
        try:
            await response.prepare(request)
            await response.write(b": open\n\n")
            while (waiting := await listener.next()) is not None:
                await response.write(waiting)
        except ConnectionResetError:
            pass  # the page was closed
        finally:
            with suppress(ValueError):
                self._desk.changed.remove(listener)
        return response

    async def say(self, request: web.Request) -> web.StreamResponse:
        asked = await _asked(request)
        side, user = self._who(asked)
        text = asked.get("text")
        if not isinstance(text, str) or not 0 < len(text.strip()) <= SAY_CHARS:
            _refuse(f"text 应为 1 到 {SAY_CHARS} 个字的文字，不能只有空白")
        await _carried(side.say(user, text.strip()))
        return _json({})

    async def send(self, request: web.Request) -> web.StreamResponse:
        asked = await _asked(request)
        side, user = self._who(asked)
        kind = asked.get("kind")
        if kind not in parcel.KINDS:
            _refuse(f"kind 应为 {'、'.join(parcel.KINDS)} 之一")
        await _carried(self._parcel(side, user, str(kind)))
        return _json({})

    async def press(self, request: web.Request) -> web.StreamResponse:
        asked = await _asked(request)
        side, user = self._who(asked)
        bubble = self._desk.bubbles.get(str(asked.get("bubble")))
        if bubble is None or (bubble.platform, bubble.user) != (asked["platform"], user):
            _refuse("bubble 应为这个人手机上一条消息的编号")
        button, form = asked.get("button"), asked.get("form", {})
        if not isinstance(button, dict) or not button:
            _refuse('button 应为非空的对象，例如 {"key": "…"}')
        if not isinstance(form, dict) or not all(isinstance(value, str) for value in form.values()):
            _refuse("form 应为对象，每个值都是文字")
        return _json({"toast": await _carried(side.press(user, bubble.id, button, form))})

    async def time(self, request: web.Request) -> web.StreamResponse:
        hours: Any = (await _asked(request)).get("hours")
        number = isinstance(hours, int | float) and not isinstance(hours, bool)
        if not number or not 0 < hours <= MOST_HOURS:  # NaN is in no range
            _refuse(f"hours 应为大于 0、不超过 {MOST_HOURS} 的数")
        now = {"now": (await self._advance(timedelta(hours=hours))).isoformat()}
        _tell(self._desk, "time", now)
        return _json(now)

    def _who(self, asked: Json) -> tuple[Side, str]:
        platform, user = asked.get("platform"), asked.get("user")
        side = self._sides.get(platform) if isinstance(platform, str) else None
        if side is None:
            _refuse(f"platform 应为 {'、'.join(sorted(self._sides))} 之一")
        users = [item.user for item in self._desk.residents if item.platform == platform]
        if user not in users:
            shown = "、".join(users[:10]) + (" 等" if len(users) > 10 else "")
            _refuse(f"user 应为该平台上的一个账号：{shown or '（还没有人）'}")
        return side, str(user)


class _Listener:
    """One open page's waiting events, as they go over the wire."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._came = asyncio.Event()

    def __call__(self, kind: str, data: Json) -> None:
        if len(self._waiting) >= BACKLOG:
            self._waiting.clear()
            kind, data = ("close", {}) if kind == "close" else ("resync", {})
        line = f"event: {kind}\ndata: {_dumps(data)}\n\n"
        self._waiting.append((kind, line.encode()))
        self._came.set()

    async def next(self) -> bytes | None:
        """What came since the last call, or a heartbeat; None at the end."""
        try:
            await asyncio.wait_for(self._came.wait(), HEARTBEAT_SECONDS)
        except TimeoutError:
            return b": still here\n\n"
        self._came.clear()
        came = list(self._waiting)
        self._waiting.clear()
        if any(kind == "close" for kind, _ in came):
            return None
        return b"".join(line for _, line in came)


async def _asked(request: web.Request) -> Json:
    """The request's JSON object; its content type makes browsers ask before crossing origins."""
    if request.content_type != "application/json":
        _refuse("Content-Type 应为 application/json")
    try:
        body = json.loads(await request.read())
        json.dumps(body, ensure_ascii=False).encode()  # half an emoji spoils every later answer
    except (ValueError, RecursionError):
        _refuse("请求体应为 JSON，文字应为完整的 Unicode")
    if not isinstance(body, dict):
        _refuse("请求体应为 JSON 对象")
    return body


async def _carried(work: Awaitable[T]) -> T:
    """Do a person's action; what the platform will not do or deliver is told, not crashed on."""
    try:
        return await work
    except (LookupError, ValueError) as fault:
        log.info("press refused", extra={"why": str(fault)})
        _refuse("button 或 form 应来自这条消息现在的样子，请看最新的卡片")
    except (ClientError, TimeoutError, OSError) as fault:
        raise web.HTTPBadGateway(
            text=_dumps({"error": f"回调没有送达动能服务：{type(fault).__name__}"}),
            content_type="application/json",
        ) from fault


def _refuse(why: str) -> NoReturn:
    raise web.HTTPBadRequest(text=_dumps({"error": why}), content_type="application/json")


def _json(data: Any) -> web.Response:
    return web.json_response(data, dumps=_dumps, headers={"Cache-Control": "no-store"})


def _dumps(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, default=str)
