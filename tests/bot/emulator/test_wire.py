"""What the three sides share: tokens, frequency, forms, masking."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.emulator.books import Frequency, Recent, TokenBook
from bot.emulator.calls import Upload, masked, read
from bot.emulator.faults import Faults
from tests.bot.emulator.stage import Clock


def test_a_token_is_the_same_while_it_lives() -> None:
    clock = Clock()
    book = TokenBook(clock.now, Faults(), life=100)
    first, left = book.issue()
    clock.advance(seconds=40)
    assert (left, book.issue()) == (100, (first, 60))
    second, _ = book.issue(renew_below=60)
    assert second != first
    assert (book.state(first), book.state("made-up")) == ("ok", "unknown")
    clock.advance(seconds=60)
    assert (book.state(first), book.state(second)) == ("expired", "ok")


def test_revoked_tokens_stay_refused_after_a_new_one() -> None:
    faults = Faults()
    book = TokenBook(Clock().now, faults)
    old, _ = book.issue()
    faults.revoked = True
    assert book.state(old) == "unknown"
    new, _ = book.issue()
    assert (book.state(old), book.state(new), faults.revoked) == ("unknown", "ok", False)


def test_a_renewing_book_gives_the_whole_life_back() -> None:
    clock = Clock()
    book = TokenBook(clock.now, Faults(), life=100, renews=True)
    first, _ = book.issue()
    clock.advance(seconds=90)
    assert book.issue() == (first, 100)
    clock.advance(seconds=90)
    assert book.state(first) == "ok"


def test_frequency_counts_in_a_sliding_window() -> None:
    clock = Clock()
    limit = Frequency(clock.now, 2, 60)
    assert [limit.take("a"), limit.take("a"), limit.take("a"), limit.take("b")] == [
        True,
        True,
        False,
        True,
    ]
    clock.advance(seconds=60)
    assert limit.take("a")


def test_recent_forgets_the_oldest() -> None:
    recent: Recent[int] = Recent(2)
    for n, name in enumerate("abc"):
        recent[name] = n
    assert [recent.get(name) for name in "abc"] == [None, 1, 2]
    assert (recent.pop("b"), "b" in recent) == (1, False)


def test_secrets_are_masked_wherever_they_stand() -> None:
    told = {
        "query": {"access_token": "abcdefgh", "corpsecret": "12345678", "msg_signature": "5c45ff"},
        "body": [{"appSecret": "87654321", "text": "token"}, {"sessionWebhook": "https://x"}],
        "tokens": 3,
    }
    assert masked(told) == {
        "query": {"access_token": "abcd…", "corpsecret": "1234…", "msg_signature": "5c45ff"},
        "body": [{"appSecret": "8765…", "text": "token"}, {"sessionWebhook": "http…"}],
        "tokens": 3,
    }


@pytest.mark.parametrize("data", [bytes(range(256)) * 3, b"\r\n", b"--", b"", b"\r\n--\r\n"])
async def test_a_form_is_read_byte_by_byte(data: bytes) -> None:
    found: dict[str, Any] = {}

    async def take(request: web.Request) -> web.Response:
        found.update((await read(request)).body)
        return web.Response()

    app = web.Application(client_max_size=10)
    app.router.add_post("/", take)
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("media", data, filename="排班.png", content_type="image/png")
    form.add_field("type", "图片")
    async with TestClient(TestServer(app)) as client, client.post("/", data=form):
        pass
    assert found == {"media": Upload("排班.png", "image/png", data), "type": "图片"}


@pytest.mark.parametrize(
    ("kind", "raw", "body"),
    [
        ("application/json", b'{"a":1}', {"a": 1}),
        ("application/json", b"{", None),
        ("application/json", b"\xff", None),
        ("multipart/form-data", b"no boundary", {}),
        ("multipart/form-data; boundary=x", b"--x--", {}),
    ],
)
async def test_any_body_is_read(kind: str, raw: bytes, body: Any) -> None:
    found: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        found.append((await read(request)).body)
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    headers = {"Content-Type": kind}
    async with (
        TestClient(TestServer(app)) as client,
        client.post("/", data=raw, headers=headers) as answer,
    ):
        assert answer.status == 200
    assert found == [body]
