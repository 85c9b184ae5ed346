"""The floors of the webhook bench: servers that answer 200 and keep nothing.

`python -m jobs.bench.floor bare|read PLATFORM PORT`: "bare" answers at once, "read" verifies,
decrypts and parses with the same adapter as the product and forgets the event.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import aiohttp
import uvloop
from aiohttp import web

from bot.adapter import Adapter
from bot.dingtalk.adapter import DingTalkAdapter
from bot.event import Incoming
from bot.feishu.adapter import FeishuAdapter
from bot.wecom.adapter import WeComAdapter
from config.settings import Settings, read

PATHS = {
    "wecom": "/webhooks/wecom/main",
    "feishu": "/webhooks/feishu/main",
    "dingtalk": "/webhooks/dingtalk/main/robot",
}
Handler = Callable[[web.Request], Awaitable[web.Response]]


def adapter(platform: str, settings: Settings) -> Adapter:
    """The product's own adapter; it never sends anything here."""

    def session() -> aiohttp.ClientSession:
        raise RuntimeError("the floor sends nothing")

    if platform == "wecom":
        return WeComAdapter(settings.wecom, app="main", tenant="main", session=session)
    if platform == "feishu":
        return FeishuAdapter(settings.feishu, app="main", tenant="main", session=session)
    return DingTalkAdapter(settings.dingtalk, app="main", tenant="main", session=session)


async def bare(request: web.Request) -> web.Response:
    """What aiohttp itself costs."""
    return web.Response()


def reading(reader: Adapter, route: str) -> Handler:
    """What believing a callback costs."""

    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        incoming = Incoming(
            request.method, route, request.query, request.headers, body, datetime.now(UTC)
        )
        event = reader.decode(incoming)
        answer = reader.answer(incoming, event, None)  # type: ignore[arg-type]  # always an event
        return web.Response(body=answer.body, content_type=answer.content_type)

    return handle


def main(kind: str, platform: str, port: str) -> None:
    route = "robot" if platform == "dingtalk" else ""
    handler = bare if kind == "bare" else reading(adapter(platform, read(dotenv=None)), route)
    app = web.Application()
    app.router.add_post(PATHS[platform], handler)
    web.run_app(
        app,
        host="127.0.0.1",
        port=int(port),
        print=lambda *_: None,
        access_log=None,
        loop=uvloop.new_event_loop(),
    )


if __name__ == "__main__":
    main(*sys.argv[1:4])
