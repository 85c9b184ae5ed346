"""Calls to the platforms: what can go wrong on the way, and one token for everybody."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import http
from bot.adapter import TransientError
from bot.http import Token, call


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def echo(request: web.Request) -> web.Response:
        body = await request.read()
        told = {"type": request.headers.get("Content-Type", ""), "body": body.decode()}
        return web.json_response(told, headers={"X-Wait": "3"}, status=429)

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<html>502 Bad Gateway</html>", status=502)

    async def listing(request: web.Request) -> web.Response:
        return web.json_response([1])

    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async def hang(request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async def torn(request: web.Request) -> web.Response:
        return web.Response(body=b'{"a": "\xff"}', content_type="application/json")

    app = web.Application()
    for handler in (echo, page, listing, hang_up, hang, torn):
        app.router.add_post(f"/{handler.__name__}", handler)
    found = TestServer(app)
    async with found:
        yield found


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as found:
        yield found


async def test_chinese_goes_out_raw_and_any_status_is_an_answer(
    server: TestServer, session: aiohttp.ClientSession
) -> None:
    reply = await call(session, "POST", str(server.make_url("/echo")), json={"名": "甲\ud83d"})
    assert (reply.status, reply.headers["x-wait"]) == (429, "3")
    assert json.loads(reply.body["body"]) == {"名": "甲?"}  # half an emoji is no reason to fail
    assert "\\u" not in reply.body["body"]
    assert reply.body["type"].startswith("application/json")


@pytest.mark.parametrize("path", ["/page", "/listing", "/torn", "/hang_up"])
async def test_what_is_no_answer_is_worth_another_try(
    server: TestServer, session: aiohttp.ClientSession, path: str
) -> None:
    with pytest.raises(TransientError):
        await call(session, "POST", str(server.make_url(path)))


async def test_nobody_there_is_worth_another_try(session: aiohttp.ClientSession) -> None:
    with pytest.raises(TransientError, match="network: Client"):
        await call(session, "POST", "http://127.0.0.1:1/")


async def test_who_hangs_is_left(
    server: TestServer, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", aiohttp.ClientTimeout(total=0.05))
    with pytest.raises(TransientError, match="network: "):
        await call(session, "POST", str(server.make_url("/hang")))


async def test_a_closed_session_is_worth_another_try() -> None:
    session = aiohttp.ClientSession()
    await session.close()
    with pytest.raises(TransientError):
        await call(session, "POST", "http://127.0.0.1:1/")


async def test_the_query_with_its_token_is_never_logged(
    server: TestServer, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await call(session, "POST", str(server.make_url("/echo?access_token=s3cret")))
    [record] = [item for item in caplog.records if item.name == "bot.http"]
    assert "s3cret" not in str(vars(record))
    assert vars(record)["status"] == 429


@dataclass
class Issuer:
    """Hands out tokens and counts them."""

    count: int = 0
    life: float = 7200
    fault: Exception | None = None
    now: float = 0.0

    async def fetch(self) -> tuple[str, float]:
        self.count += 1
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault
        return f"t{self.count}", self.life

    def token(self) -> Token:
        return Token(self.fetch, monotonic=lambda: self.now)


async def test_however_many_ask_it_is_fetched_once() -> None:
    issuer = Issuer()
    token = issuer.token()
    assert set(await asyncio.gather(*(token.get() for _ in range(50)))) == {"t1"}
    assert issuer.count == 1


async def test_a_refused_token_is_replaced_once_however_many_were_refused() -> None:
    issuer = Issuer()
    token = issuer.token()
    await token.get()
    again = await asyncio.gather(*(token.get(instead_of="t1") for _ in range(50)))
    assert (set(again), issuer.count) == ({"t2"}, 2)
    assert await token.get(instead_of="t1") == "t2"  # a late refusal of the old one


async def test_it_is_renewed_before_its_end() -> None:
    issuer = Issuer()
    token = issuer.token()
    await token.get()
    issuer.now = 6899
    assert await token.get() == "t1"
    issuer.now = 6900
    assert await token.get() == "t2"


async def test_a_short_life_is_used_at_least_half() -> None:
    issuer = Issuer(life=60)
    token = issuer.token()
    await token.get()
    issuer.now = 29
    assert await token.get() == "t1"
    issuer.now = 30
    assert await token.get() == "t2"


async def test_a_failed_fetch_is_told_and_tried_again() -> None:
    issuer = Issuer(fault=TransientError("busy"))
    token = issuer.token()
    told = await asyncio.gather(*(token.get() for _ in range(3)), return_exceptions=True)
    assert all(isinstance(item, TransientError) for item in told)
    issuer.fault = None
    assert await token.get() == f"t{issuer.count}"
