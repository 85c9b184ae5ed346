"""The AI bot: its JSON callbacks on the app's own address, and its two ways of answering."""

from __future__ import annotations

import base64
import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapter import (
    Address,
    CannotReplaceError,
    Delivery,
    Inline,
    RejectedError,
    TransientError,
    UndeliverableError,
    WireAnswer,
)
from bot.event import Event, Incoming, Kind
from bot.wecom import aibot
from bot.wecom.adapter import WeComAdapter
from bot.wecom.crypto import Seal, encrypted, key_of
from cards.card import Card, Table, note
from config.settings import SettingsError
from tests.bot.wecom import cards, vectors
from tests.bot.wecom.conftest import NOW, SETTINGS, Sealed, callback, offline
from tests.bot.wecom.server import RESET, FakeWeCom

RESPONSE = "aibot/response"
NAMES = (
    *("msgtype", "text", "content", "event", "eventtype", "from", "userid", "mixed", "msgid"),
    *("msg_item", "template_card_event", "selected_items", "create_time"),
)
URL = "https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=RC1"


def read(wecom: WeComAdapter, incoming: Incoming) -> Event:
    event = wecom.decode(incoming)
    assert isinstance(event, Event)
    assert Event.from_json(event.to_json()) == event
    return event


def adapter(**more: str) -> WeComAdapter:
    values = replace(SETTINGS, **more)  # type: ignore[arg-type]
    return WeComAdapter(values, app="main", tenant="acme", session=offline)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("payload", "kind", "text", "chat"),
    [
        ("text", Kind.MESSAGE, "领取 17", ""),
        ("text__group", Kind.MESSAGE, "今日", "wrAAAA"),
        ("voice", Kind.MESSAGE, "新建客户 张三", ""),
        ("mixed__group", Kind.MESSAGE, "识别名片 [图片]", "wrAAAA"),
        ("image", Kind.UNKNOWN, "[图片]", ""),
        ("file", Kind.UNKNOWN, "[文件]", ""),
        ("enter_chat", Kind.ENTER, "enter_chat", ""),
        ("template_card_event", Kind.PRESS, "改派 17", ""),
        ("feedback_event", Kind.NOTICE, "feedback_event", ""),
        ("unknown_event", Kind.UNKNOWN, "moon_phase", ""),
    ],
)
def test_every_kind_of_callback(
    wecom: WeComAdapter, asked: Sealed, payload: str, kind: Kind, text: str, chat: str
) -> None:
    event = read(wecom, asked(payload))
    assert (event.kind, event.text, event.chat, event.person) == (kind, text, chat, "lina")
    assert (event.key, event.at) == (f"bot:MSGID-{payload}", NOW)
    assert event.origin["response_url"] == URL


def test_the_reference_vector_is_read() -> None:
    vector = vectors.G1
    wecom = adapter(bot_token=vector.token, bot_aes_key=vector.key)
    query = {
        "msg_signature": vector.signature,
        "timestamp": vector.timestamp,
        "nonce": vector.nonce,
    }
    body = json.dumps({"encrypt": vector.sealed}).encode()
    event = read(wecom, Incoming("POST", "", query, {}, body, NOW))
    assert (event.person, event.text) == ("zhangsan", "新建客户 张三")


def test_a_press_brings_its_choices_and_its_card(wecom: WeComAdapter, asked: Sealed) -> None:
    event = read(wecom, asked("template_card_event"))
    assert event.form == {"rep": "7", "reasons": "busy,away"}
    assert event.origin["message"] == event.origin["task_id"] == "fuse-17-lina"


def test_feedback_comes_as_facts(wecom: WeComAdapter, asked: Sealed) -> None:
    origin = read(wecom, asked("feedback_event")).origin
    assert (origin["id"], origin["type"], origin["inaccurate_reason_list"]) == ("FB-1", "2", "1,3")


def test_a_poll_for_more_is_answered_with_nothing(wecom: WeComAdapter, asked: Sealed) -> None:
    incoming = asked("stream")
    assert wecom.decode(incoming) is None
    assert wecom.answer(incoming, None, None) == WireAnswer()


@pytest.mark.parametrize(
    "url",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=RC1",
        "https://qyapi.weixin.qq.com.example.com/x",
        "https://qyapi.weixin.qq.com@example.com/x",
        "https://qyapi.weixin.qq.com:8443/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1/x",
        "file:///etc/passwd",
    ],
)
def test_an_address_elsewhere_is_dropped_and_not_logged(
    wecom: WeComAdapter, asked: Sealed, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    message = {"msgid": "1", "msgtype": "text", "text": {"content": "今日"}, "response_url": url}
    caplog.set_level(logging.DEBUG)
    event = read(wecom, asked(json.dumps(message).encode()))
    assert "response_url" not in event.origin
    (record,) = caplog.records
    assert record.__dict__["field"] == "response_url"
    assert url not in str(vars(record))


def test_only_the_configured_api_may_be_elsewhere() -> None:
    assert aibot.allowed("http://127.0.0.1:9/cgi-bin/x", "http://127.0.0.1:9")
    assert not aibot.allowed("http://127.0.0.1:10/cgi-bin/x", "http://127.0.0.1:9")
    assert aibot.allowed("https://proxy.example.com/x", "https://proxy.example.com")


def test_the_seals_are_not_mixed_up(
    wecom: WeComAdapter, seal: Seal, bot_seal: Seal, asked: Sealed
) -> None:
    inside = bot_seal.sealed(b"<xml><MsgType>text</MsgType></xml>")
    with pytest.raises(RejectedError, match="signature"):
        wecom.decode(callback(bot_seal, inside))  # XML is the app's alone
    stranger = Seal(SETTINGS.bot_token, SETTINGS.bot_aes_key, "wwother")
    inside = stranger.sealed(b"{}")
    body = json.dumps({"encrypt": inside}).encode()
    with pytest.raises(RejectedError, match="receiver"):
        wecom.decode(callback(stranger, inside, body=body))
    inside = seal.sealed(b"<xml><MsgType>text</MsgType><Content>hi</Content></xml>")
    body = json.dumps({"encrypt": inside}).encode()
    assert read(wecom, callback(seal, inside, body=body)).text == "hi"
    with pytest.raises(RejectedError, match="signature"):
        adapter(bot_token="", bot_aes_key="").decode(asked("text"))


def test_the_bots_url_check_is_answered_too(wecom: WeComAdapter, bot_seal: Seal) -> None:
    echo = bot_seal.sealed(b"1616140317555161061")
    came = callback(bot_seal, echo)
    came = replace(came, method="GET", query={**came.query, "echostr": echo})
    assert wecom.decode(came) == WireAnswer(200, b"1616140317555161061", "text/plain")


def test_an_old_callback_is_refused(wecom: WeComAdapter, asked: Sealed) -> None:
    with pytest.raises(RejectedError, match="timestamp"):
        wecom.decode(replace(asked("text"), at=NOW.replace(year=NOW.year + 1)))


@pytest.mark.parametrize("more", [{"bot_token": ""}, {"bot_aes_key": "short"}, {"bot_aes_key": ""}])
def test_half_a_bot_is_named(more: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="MOMENTUM_WECOM__BOT"):
        adapter(**more)


def opened(bot_seal: Seal, incoming: Incoming, answer: WireAnswer) -> dict[str, Any]:
    body = json.loads(answer.body)
    assert answer.content_type == "application/json"
    assert (body["nonce"], body["timestamp"]) == (incoming.query["nonce"], int(NOW.timestamp()))
    bot_seal.check(body["msgsignature"], str(body["timestamp"]), body["nonce"], body["encrypt"])
    found: dict[str, Any] = json.loads(bot_seal.opened(body["encrypt"]))
    return found


def test_a_press_changes_the_card_at_once(
    wecom: WeComAdapter, asked: Sealed, bot_seal: Seal
) -> None:
    came = asked("template_card_event")
    answer = wecom.answer(came, read(wecom, came), Inline(cards.DECIDED))
    reply = opened(bot_seal, came, answer)
    assert (reply["response_type"], reply["userids"]) == ("update_template_card", ["LiNa"])
    card = reply["template_card"]
    assert (card["task_id"], card["replace_text"]) == ("fuse-17-lina", "已处理")


@pytest.mark.parametrize(
    ("payload", "path"),
    [("text", ("stream", "content")), ("enter_chat", ("text", "content"))],
)
def test_words_in_the_acknowledgement(
    wecom: WeComAdapter, asked: Sealed, bot_seal: Seal, payload: str, path: tuple[str, str]
) -> None:
    came = asked(payload)
    reply = opened(bot_seal, came, wecom.answer(came, read(wecom, came), Inline(toast="收到")))
    assert reply[path[0]][path[1]] == "收到"
    assert reply["msgtype"] == path[0]


@pytest.mark.parametrize("payload", ["text", "template_card_event", "feedback_event"])
def test_nothing_to_say_is_an_empty_200(wecom: WeComAdapter, asked: Sealed, payload: str) -> None:
    came = asked(payload)
    for inline in (None, Inline()):
        assert wecom.answer(came, read(wecom, came), inline) == WireAnswer()


def answer_to(online: WeComAdapter, card: Card, **more: str) -> Delivery:
    base = online._settings.api_base  # the address that the fake platform would have given
    handle = {
        "bot": "AIB-1",
        "chat_type": "single",
        "response_url": f"{base}/cgi-bin/{RESPONSE}?response_code=RC1",
        **more,
    }
    return Delivery("in-7", Address(person="lina"), card, handle)


async def test_a_decision_in_a_single_chat_is_a_card(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    receipt = await online.deliver(answer_to(online, cards.DECISION))
    ((path, body),) = platform.calls
    assert (path, body["msgtype"]) == (RESPONSE, "template_card")
    assert body["template_card"]["task_id"] == receipt.handle["message"] == "in-7"
    with pytest.raises(CannotReplaceError):
        await online.deliver(answer_to(online, cards.DECIDED, **receipt.handle))


@pytest.mark.parametrize(
    ("card", "chat_type"),
    [(cards.DECISION, "group"), (cards.EVERYTHING, "single"), (note("好的"), "single")],
)
async def test_what_no_card_can_say_is_one_markdown(
    online: WeComAdapter, platform: FakeWeCom, card: Card, chat_type: str
) -> None:
    await online.deliver(answer_to(online, card, chat_type=chat_type))
    ((_, body),) = platform.calls
    content = body["markdown"]["content"]
    assert card.title in content
    assert "<font" not in content
    for button in card.buttons:
        assert button.label in content
    assert len(content.encode()) <= 20_480


async def test_a_long_answer_is_cut_to_one_message(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    rows = tuple((f"门店 {n}", "一" * 40) for n in range(400))
    await online.deliver(answer_to(online, Card("周报", (Table(("门店", "话"), rows),))))
    ((_, body),) = platform.calls
    assert 15_000 < len(body["markdown"]["content"].encode()) <= 20_480


@pytest.mark.parametrize("url", ["", "https://example.com/x"])
async def test_without_an_address_the_app_answers(
    online: WeComAdapter, platform: FakeWeCom, url: str
) -> None:
    await online.deliver(answer_to(online, note("你好"), response_url=url))
    assert [path for path, _ in platform.calls] == ["gettoken", "message/send"]


async def test_a_used_address_makes_the_app_answer(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell(RESPONSE, {"errcode": 40008, "errmsg": "invalid message type"})
    receipt = await online.deliver(answer_to(online, note("你好")))
    assert platform.bodies("message/send")[0]["touser"] == "lina"
    assert "bot" not in receipt.handle


async def test_an_answer_whose_receipt_was_lost_is_not_said_twice(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell(RESPONSE, RESET, {"errcode": 40058, "errmsg": "used"})
    delivery = answer_to(online, note("你好"))
    with pytest.raises(TransientError) as failed:
        await online.deliver(delivery)
    await online.deliver(replace(delivery, done=failed.value.done))
    assert platform.bodies("message/send") == []


async def test_a_sent_picture_is_decrypted(online: WeComAdapter, platform: FakeWeCom) -> None:
    plain = base64.b64decode("iVBORw0KGgpXRUNPTS1SRUY=")
    platform.tell("media/x.png", encrypted(key_of(SETTINGS.bot_aes_key), plain))
    url = f"{online._settings.api_base}/cgi-bin/media/x.png"
    found = await online.download({"media_url": url})
    assert (found.name, found.content) == ("报价单.xlsx", plain)
    platform.tell("media/x.png", b"not aligned")
    with pytest.raises(UndeliverableError, match="解不开"):
        await online.download({"media_url": url})
    with pytest.raises(UndeliverableError):
        await online.download({"media_url": "https://example.com/x.png"})
    assert len(platform.calls) == 2


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(NAMES),
                inner | st.sampled_from(["text", "event", "mixed", "template_card_event"]),
            )
        ),
        max_leaves=12,
    )
)
def test_any_shape_inside_is_an_event(wecom: WeComAdapter, asked: Sealed, value: object) -> None:
    event = wecom.decode(asked(json.dumps(value).encode()))
    assert event is None or isinstance(event, Event)
