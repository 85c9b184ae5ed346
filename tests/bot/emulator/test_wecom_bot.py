"""The emulated AI bot: sealed JSON, streams, cards, and answers that come later."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from defusedxml import ElementTree
from wechatpy.enterprise.crypto import WeChatCrypto

from tests.bot.emulator.stage import Came
from tests.bot.emulator.wecom_stage import BOT_KEY, BOT_TOKEN, PNG, Stage, opened_stage

CRYPTO = WeChatCrypto(BOT_TOKEN, BOT_KEY, "")
CARD: dict[str, Any] = {
    "card_type": "button_interaction",
    "main_title": {"title": "接手"},
    "button_list": [{"text": "接手", "key": "接手 17"}],
    "task_id": "task-7",
}
Reply = Callable[[Came], web.Response]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with opened_stage() as stage:
        yield stage


def told(came: Came) -> Any:
    sealed = {"Encrypt": json.loads(came.body)["encrypt"]}
    query = came.query
    plain = CRYPTO.decrypt_message(
        sealed, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    return json.loads(plain)


def answering(body: Any, *, nonce: str = "") -> Reply:
    def reply(came: Came) -> web.Response:
        used = nonce or came.query["nonce"]
        sealed = ElementTree.fromstring(
            CRYPTO.encrypt_message(json.dumps(body, ensure_ascii=False), used, "1700000000")
        )
        return web.json_response(
            {
                "encrypt": sealed.findtext("Encrypt"),
                "msgsignature": sealed.findtext("MsgSignature"),
                "timestamp": 1700000000,
                "nonce": used,
            }
        )

    return reply


def stream(content: str, *, finish: bool, **more: Any) -> dict[str, Any]:
    inner = {"id": "s1", "finish": finish, "content": content, **more}
    return {"msgtype": "stream", "stream": inner}


def shown(stage: Stage, user: str = "zhangsan") -> list[tuple[str, Any]]:
    return [(b.kind, b.body.get("content", b.body.get("main_title"))) for b in stage.bubbles(user)]


def bot(stage: Stage) -> Any:
    assert stage.side.bot is not None
    return stage.side.bot


async def respond(stage: Stage, body: Any, which: int = 0) -> int:
    url = told(stage.momentum.came[which])["response_url"]
    path = "/cgi-bin/" + url.partition("/cgi-bin/")[2]
    async with stage.api.post(path, data=json.dumps(body, ensure_ascii=False)) as answer:
        return int((await answer.json())["errcode"])


async def test_what_is_said_to_the_bot(stage: Stage) -> None:
    await bot(stage).say("zhangsan", "我的线索")
    found = told(stage.momentum.came[0])
    assert found["from"] == {"userid": "zhangsan"}
    assert (found["chattype"], found["text"]) == ("single", {"content": "我的线索"})
    assert "chatid" not in found
    await bot(stage).say("zhangsan", "排行", chat="wr01")
    group = told(stage.momentum.came[1])
    assert (group["chatid"], group["text"]["content"]) == ("wr01", "@动能助手 排行")
    await bot(stage).send_voice("zhangsan", "我的班次")
    assert told(stage.momentum.came[2])["voice"] == {"content": "我的班次"}


async def test_a_stream_grows_in_place(stage: Stage) -> None:
    stage.momentum.replies = [
        answering(stream("1", finish=False)),
        answering(stream("123", finish=True)),
    ]
    await bot(stage).say("zhangsan", "算一下")
    assert shown(stage) == [("markdown", "123")]
    poll = told(stage.momentum.came[1])
    assert (poll["msgtype"], poll["stream"]) == ("stream", {"id": "s1"})
    assert "response_url" not in poll
    assert len(stage.momentum.came) == 2


async def test_a_stream_ends_after_six_minutes(stage: Stage) -> None:
    def slow(came: Came) -> web.Response:
        stage.clock.advance(minutes=4)
        return answering(stream("…", finish=False))(came)

    stage.momentum.replies = [slow] * 5
    await bot(stage).say("zhangsan", "算一下")
    assert len(stage.momentum.came) == 2


async def test_a_group_sees_the_answer(stage: Stage) -> None:
    both = {**stream("看", finish=True), "msgtype": "stream_with_template_card"}
    stage.momentum.replies = [answering({**both, "template_card": CARD})]
    await bot(stage).say("zhangsan", "接手", chat="wr01")
    cards = [("markdown", "看"), ("template_card", {"title": "接手"})]
    assert shown(stage) == shown(stage, "LiSi") == cards


@pytest.mark.parametrize(
    "reply",
    [
        answering({"msgtype": "text", "text": {"content": "x"}}),
        answering(stream("长" * 6827, finish=True)),
        answering(stream("x", finish=False, msg_item=[{"msgtype": "image", "image": {}}])),
        answering({"msgtype": "template_card", "template_card": {"card_type": "poem"}}),
        answering([]),
        answering(stream("x", finish=True), nonce="another"),
        lambda _: web.Response(text="success"),
        lambda _: web.Response(status=500),
    ],
)
async def test_answers_that_wecom_does_not_act_upon(stage: Stage, reply: Reply) -> None:
    stage.momentum.replies = [reply]
    await bot(stage).say("zhangsan", "好")
    assert shown(stage) == []


async def test_an_answer_later_once_and_within_an_hour(stage: Stage) -> None:
    said = {"msgtype": "markdown", "markdown": {"content": "**好**"}}
    for _ in range(2):
        await bot(stage).say("zhangsan", "好")
    assert await respond(stage, said) == 0
    assert await respond(stage, said) == 40058
    assert shown(stage) == [("markdown", "**好**")]
    stage.clock.advance(hours=1, seconds=1)
    assert await respond(stage, said, 1) == 40058


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "template_card", "template_card": CARD}, 0),
        ({"response_type": "update_template_card", "template_card": CARD}, 40008),
        ({"msgtype": "text", "text": {"content": "x"}}, 40008),
        ({"msgtype": "markdown", "markdown": {"content": "x" * 20_481}}, 40058),
        ({"msgtype": "markdown", "markdown": {}}, 40063),
    ],
)
async def test_what_may_come_later(stage: Stage, body: Any, code: int) -> None:
    await bot(stage).say("zhangsan", "好")
    assert await respond(stage, body) == code


async def test_a_group_takes_no_card_later(stage: Stage) -> None:
    await bot(stage).say("zhangsan", "好", chat="wr01")
    assert await respond(stage, {"msgtype": "template_card", "template_card": CARD}) == 40008


async def test_a_press_changes_the_card(stage: Stage) -> None:
    stage.momentum.replies = [answering({"msgtype": "template_card", "template_card": CARD})]
    await bot(stage).say("zhangsan", "接手")
    (bubble,) = stage.bubbles()
    done = {**CARD, "main_title": {"title": "已接手"}}
    update = {"response_type": "update_template_card", "template_card": done}
    stage.momentum.replies = [answering(update)]
    assert await stage.side.press("zhangsan", bubble.id, {"key": "接手 17"}, {}) == ""
    event = told(stage.momentum.came[1])
    assert event["event"]["eventtype"] == "template_card_event"
    assert event["event"]["template_card_event"]["event_key"] == "接手 17"
    assert event["response_url"]
    assert shown(stage) == [("template_card", {"title": "已接手"})]
    stage.momentum.replies = [lambda _: web.Response(status=500)]
    assert await stage.side.press("zhangsan", bubble.id, {"key": "接手 17"}, {}) != ""
    assert len(stage.momentum.came) == 3  # never sent twice
    with pytest.raises(LookupError):
        await stage.side.press("LiSi", bubble.id, {"key": "接手 17"}, {})


async def test_who_comes_in_is_welcomed(stage: Stage) -> None:
    stage.momentum.replies = [answering({"msgtype": "text", "text": {"content": "你好"}})]
    await bot(stage).enter("zhangsan")
    assert told(stage.momentum.came[0])["event"]["eventtype"] == "enter_chat"
    assert shown(stage) == [("text", "你好")]


async def test_a_file_is_sealed_and_short_lived(stage: Stage) -> None:
    await bot(stage).send_file("zhangsan", "image", PNG)
    path = "/aibot" + told(stage.momentum.came[0])["image"]["url"].partition("/aibot")[2]
    async with stage.api.get(path) as answer:
        sealed = await answer.read()
    key = bytes(range(1, 33))
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = decryptor.update(sealed) + decryptor.finalize()
    assert plain[: -plain[-1]] == PNG
    stage.clock.advance(minutes=5)
    async with stage.api.get(path) as answer:
        assert answer.status == 403
