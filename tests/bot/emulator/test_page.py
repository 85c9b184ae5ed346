"""The emulator page's API, with fake platforms behind it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from bot.emulator import page
from bot.emulator.desk import Bubble, Desk, Exchange, Json, Resident

Client = TestClient[web.Request, web.Application]
Post = Callable[[str, Json], Awaitable[tuple[int, Json]]]

NINE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class FakeSide:
    """Remembers what was said and pressed; fails as told."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.pressed: list[tuple[str, str, Json, dict[str, str]]] = []
        self.fault: Exception | None = None

    async def say(self, user: str, text: str) -> None:
        if self.fault:
            raise self.fault
        self.said.append((user, text))

    async def press(self, user: str, bubble: str, button: Json, form: dict[str, str]) -> str:
        if self.fault:
            raise self.fault
        self.pressed.append((user, bubble, button, form))
        return "已收到"


@pytest.fixture
def side() -> FakeSide:
    return FakeSide()


@pytest.fixture
def desk() -> Desk:
    desk = Desk(now=lambda: NINE)
    desk.residents.append(Resident("wecom", "liming", "李明", "销售代表"))
    desk.residents.append(Resident("feishu", "ou_1", "张伟", "销售经理"))
    desk.show(_bubble("b1", "你好"))
    desk.media["上传/图 1"] = ("image/png", b"\x89PNG")
    desk.media["script"] = ("text/html", b"<script>")
    return desk


@pytest.fixture
async def client(desk: Desk, side: FakeSide) -> AsyncIterator[Client]:
    clock = [NINE]

    async def advance(step: timedelta) -> datetime:
        clock[0] += step
        return clock[0]

    desk.now = lambda: clock[0]
    app = web.Application()
    sides = {"wecom": side, "feishu": side}
    links = {"console": "/console/"}

    async def send(_: object, user: str, kind: str) -> None:
        await side.say(user, kind)

    app.add_routes(
        page.routes(desk, sides, advance=advance, links=links, hosts=["demo.example"], send=send)
    )
    async with TestClient(TestServer(app)) as client:
        yield client
        page.hang_up(desk)


@pytest.fixture
def post(client: Client) -> Post:
    async def post(path: str, body: Json) -> tuple[int, Json]:
        async with client.post(f"/emulator/api/{path}", json=body) as response:
            return response.status, await response.json()

    return post


def _bubble(name: str, text: str, version: int = 1) -> Bubble:
    return Bubble(
        name, "wecom", "liming", False, NINE.isoformat(), "text", {"content": text}, version
    )


SAY = {"platform": "wecom", "user": "liming", "text": "帮助"}
PRESS = {"platform": "wecom", "user": "liming", "bubble": "b1", "button": {"key": "领取 17"}}


@pytest.mark.parametrize("path", ["/", "/emulator/"])
async def test_both_addresses_show_the_page(client: Client, path: str) -> None:
    async with client.get(path) as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        assert "动能" in await response.text()
        policy = response.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("name", "kind"),
    [("main.js", "text/javascript"), ("cards.css", "text/css"), ("logo.svg", "image/svg+xml")],
)
async def test_files_come_with_their_type_and_are_asked_for_again(
    client: Client, name: str, kind: str
) -> None:
    async with client.get(f"/emulator/static/{name}") as response:
        assert (response.status, response.content_type) == (200, kind)
        assert response.headers["Cache-Control"] == "no-cache"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["nothing.js", "..%2f..%2fpyproject.toml", "page.py"])
async def test_only_the_pages_own_files_are_served(client: Client, name: str) -> None:
    async with client.get(f"/emulator/static/{name}") as response:
        assert response.status == 404


async def test_media_has_its_type_and_may_not_act(client: Client) -> None:
    async with client.get("/emulator/media/上传/图 1") as response:
        assert (response.status, response.content_type) == (200, "image/png")
        assert await response.read() == b"\x89PNG"
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert "Content-Disposition" not in response.headers
    async with client.get("/emulator/media/script") as response:
        assert response.headers["Content-Disposition"] == "attachment"
    async with client.get("/emulator/media/unknown") as response:
        assert response.status == 404


async def test_the_state_has_everything_on_the_desk(client: Client, desk: Desk) -> None:
    desk.record(_exchange(7))
    async with client.get("/emulator/api/state") as response:
        state = await response.json()
    assert state["now"] == NINE.isoformat()
    assert [person["name"] for person in state["residents"]] == ["李明", "张伟"]
    assert state["bubbles"][0]["body"] == {"content": "你好"}
    assert state["exchanges"][0]["id"] == 7
    assert state["links"] == {"console": "/console/"}


async def test_words_reach_the_platform(post: Post, side: FakeSide) -> None:
    assert await post("say", {**SAY, "text": "  动能 华东医疗 "}) == (200, {})
    assert side.said == [("liming", "动能 华东医疗")]


async def test_a_parcel_reaches_the_platform_that_can_send_it(post: Post, side: FakeSide) -> None:
    who = {"platform": "feishu", "user": "ou_1"}
    status, told = await post("send", {**who, "kind": "poem"})
    assert (status, told["error"]) == (400, "kind 应为 image、file、voice 之一")
    status, told = await post("send", {**who, "kind": "image"})
    assert (status, side.said) == (200, [("ou_1", "image")])


async def test_a_press_reaches_the_platform_and_brings_its_toast(
    post: Post, side: FakeSide
) -> None:
    assert await post("press", {**PRESS, "form": {"to": "a,b"}}) == (200, {"toast": "已收到"})
    assert side.pressed == [("liming", "b1", {"key": "领取 17"}, {"to": "a,b"})]


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("say", {**SAY, "platform": "slack"}, "platform 应为 feishu、wecom 之一"),
        ("say", {**SAY, "platform": ["wecom"]}, "platform 应为"),
        ("say", {**SAY, "user": "nobody"}, "user 应为该平台上的一个账号：liming"),
        ("say", {**SAY, "user": "ou_1"}, "user 应为"),
        ("say", {**SAY, "user": {}}, "user 应为"),
        ("say", {**SAY, "text": "   "}, "text 应为 1 到 4000 个字"),
        ("say", {**SAY, "text": "长" * 4001}, "text 应为"),
        ("say", {**SAY, "text": 5}, "text 应为"),
        ("press", {**PRESS, "bubble": "b9"}, "bubble 应为"),
        ("press", {**PRESS, "platform": "feishu", "user": "ou_1"}, "bubble 应为"),
        ("press", {**PRESS, "button": "领取 17"}, "button 应为"),
        ("press", {**PRESS, "button": {}}, "button 应为"),
        ("press", {**PRESS, "form": {"to": 5}}, "form 应为"),
        ("press", {**PRESS, "form": []}, "form 应为"),
        ("time", {"hours": 0}, "hours 应为大于 0、不超过 720 的数"),
        ("time", {"hours": -1}, "hours 应为"),
        ("time", {"hours": 721}, "hours 应为"),
        ("time", {"hours": True}, "hours 应为"),
        ("time", {"hours": "1"}, "hours 应为"),
        ("time", {"hours": float("nan")}, "hours 应为"),
        ("time", {}, "hours 应为"),
    ],
)
async def test_a_wrong_field_is_named_with_what_is_allowed(
    post: Post, side: FakeSide, path: str, body: Json, named: str
) -> None:
    status, answer = await post(path, body)
    assert status == 400
    assert answer["error"].startswith(named)
    assert (side.said, side.pressed) == ([], [])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"{}"),
        ("application/x-www-form-urlencoded", b"hours=1"),
        ("application/json", b"{"),
        ("application/json", b"\xff"),
        ("application/json", b"[]"),
    ],
)
async def test_only_json_objects_are_taken(client: Client, kind: str, body: bytes) -> None:
    headers = {"Content-Type": kind}
    async with client.post("/emulator/api/time", data=body, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["error"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:80"}, 403),
        ({"Host": "localhost"}, 200),
        ({"Host": "LOCALHOST:8080"}, 200),
        ({"Host": "192.168.1.9:8080"}, 200),
        ({"Host": "[::1]:8080"}, 200),
        ({"Host": "demo.example"}, 200),
        ({"Host": "localhost:8080", "Origin": "http://localhost:8080"}, 200),
        ({"Host": "localhost:8080", "Origin": "http://evil.example"}, 403),
        ({"Host": "localhost:8080", "Origin": "null"}, 403),
    ],
)
async def test_other_sites_are_kept_out(
    client: Client, headers: dict[str, str], status: int
) -> None:
    async with client.get("/emulator/api/state", headers=headers) as response:
        assert response.status == status


@pytest.mark.parametrize("fault", [ClientConnectionError(), TimeoutError(), ConnectionResetError()])
async def test_a_callback_that_did_not_arrive_is_told(
    post: Post, side: FakeSide, fault: Exception
) -> None:
    side.fault = fault
    status, answer = await post("say", SAY)
    assert (status, answer["error"][:6]) == (502, "回调没有送达")


@pytest.mark.parametrize("fault", [LookupError("x"), ValueError("x")])
async def test_a_press_the_platform_does_not_know_is_told(
    post: Post, side: FakeSide, fault: Exception
) -> None:
    side.fault = fault
    status, answer = await post("press", PRESS)
    assert (status, answer["error"][:6]) == (400, "button")


async def test_time_moves_and_everybody_hears(client: Client, post: Post) -> None:
    later = (NINE + timedelta(hours=1.5)).isoformat()
    async with client.get("/emulator/api/feed") as feed:
        await _opened(feed)
        assert await post("time", {"hours": 1.5}) == (200, {"now": later})
        assert await _event(feed) == ("time", {"now": later})


async def test_the_feed_tells_every_change_in_order(client: Client, desk: Desk) -> None:
    async with client.get("/emulator/api/feed") as feed:
        assert feed.content_type == "text/event-stream"
        await _opened(feed)
        desk.show(_bubble("b2", "行\n行"))
        desk.record(_exchange(1))
        desk.show(_bubble("b2", "改了", version=2))
        kind, bubble = await _event(feed)
        assert (kind, bubble["body"], bubble["version"]) == ("bubble", {"content": "行\n行"}, 1)
        kind, exchange = await _event(feed)
        assert (kind, exchange["path"]) == ("exchange", "/webhooks/wecom/main")
        assert (await _event(feed))[1]["version"] == 2


async def test_a_slow_listener_is_told_to_read_everything_again(client: Client, desk: Desk) -> None:
    async with client.get("/emulator/api/feed") as feed:
        await _opened(feed)
        for number in range(page.BACKLOG + 1):  # all before the feed gets its turn
            desk.show(_bubble("b2", str(number), version=number))
        desk.show(_bubble("b3", "之后"))
        assert await _event(feed) == ("resync", {})
        assert (await _event(feed))[1]["id"] == "b3"


async def test_a_quiet_feed_beats(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "HEARTBEAT_SECONDS", 0.01)
    async with client.get("/emulator/api/feed") as feed:
        await _opened(feed)
        assert await feed.content.readuntil(b"\n\n") == b": still here\n\n"


async def test_a_closed_page_is_forgotten(client: Client, desk: Desk) -> None:
    async with client.get("/emulator/api/feed") as feed:
        await _opened(feed)
        assert len(desk.changed) == 1
    async with asyncio.timeout(10):
        while desk.changed:
            desk.show(_bubble("b2", "有人吗"))
            await asyncio.sleep(0)


async def test_a_stopping_server_ends_the_feeds(client: Client, desk: Desk) -> None:
    async with client.get("/emulator/api/feed") as feed:
        await _opened(feed)
        page.hang_up(desk)
        assert await feed.content.read() == b""
    assert desk.changed == []


def _exchange(number: int) -> Exchange:
    at = NINE.isoformat()
    return Exchange(number, "wecom", "in", at, "POST", "/webhooks/wecom/main", 200, 3.2, {}, "")


async def _opened(feed: ClientResponse) -> None:
    """Wait until the feed listens."""
    assert await feed.content.readuntil(b"\n\n") == b": open\n\n"


async def _event(feed: ClientResponse) -> tuple[str, Any]:
    async with asyncio.timeout(10):
        raw = (await feed.content.readuntil(b"\n\n")).decode()
    event, data = raw.strip().split("\n")
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))
