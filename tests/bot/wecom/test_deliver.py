from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot import http, pictures
from bot.adapter import (
    Address,
    CannotReplaceError,
    Delivery,
    TransientError,
    UndeliverableError,
)
from bot.wecom.adapter import WeComAdapter
from cards.card import Button, Card, note
from cards.drawing import Drawing
from tests.bot.wecom import cards
from tests.bot.wecom.conftest import SETTINGS
from tests.bot.wecom.server import DOWN, HTML, RESET, FakeWeCom

SEND, UPDATE, UPLOAD = "message/send", "message/update_template_card", "media/upload"
LINA = Address(person="lina")
CHART = Card("动能", (cards.PICTURE,), buttons=(Button("接手", "接手 17 v3"),))
HANDLE = {"message": "old-1", "msgid": "MSG-1", "response_code": "CODE-1"}


def delivery(card: Card, **more: object) -> Delivery:
    return replace(Delivery("fuse-17-lina", LINA, card), **more)  # type: ignore[arg-type]


async def test_a_card_is_sent_and_can_be_found_again(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    receipt = await online.deliver(delivery(cards.DECISION))
    (body,) = platform.bodies(SEND)
    assert (body["touser"], body["agentid"], body["_token"]) == ("lina", 1000002, "TOKEN-1")
    assert body["template_card"]["task_id"] == "fuse-17-lina"
    assert body["enable_duplicate_check"] == 1
    assert receipt.handle == {
        "message": "fuse-17-lina",
        "msgid": "MSG-2",
        "response_code": "CODE-2",
    }


async def test_one_token_serves_many(online: WeComAdapter, platform: FakeWeCom) -> None:
    for number in range(3):
        await online.deliver(delivery(note("你好"), key=f"k-{number}"))
    assert platform.tokens == 1


async def test_a_token_is_shared_by_processes(online: WeComAdapter, platform: FakeWeCom) -> None:
    class Shelf:
        async def share(
            self, credentials: Sequence[str], refused: str, fetch: http.Fetch
        ) -> tuple[str, float]:
            assert SETTINGS.corp_id in credentials
            assert SETTINGS.secret in credentials
            assert (refused, callable(fetch)) == ("", True)
            return "TOKEN-OF-ANOTHER", 7000

    settings, session = online._settings, online._client._session
    other = WeComAdapter(settings, app="main", tenant="acme", session=session, tokens=Shelf())
    await other.deliver(delivery(note("你好")))
    assert platform.tokens == 0
    assert platform.bodies(SEND)[0]["_token"] == "TOKEN-OF-ANOTHER"


async def test_the_same_words_twice_are_two_messages_and_a_retry_is_none(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    for key in ("a", "a", "b"):
        await online.deliver(delivery(note("没有这样的线索"), key=key))
    first, again, other = platform.bodies(SEND)
    assert first == again != other
    assert all(body["duplicate_check_interval"] <= 14_400 for body in (first, other))


async def test_a_picture_goes_before_its_card(online: WeComAdapter, platform: FakeWeCom) -> None:
    await online.deliver(delivery(CHART))
    (upload,) = platform.bodies(UPLOAD)
    assert b'name="media"; filename="picture.png"' in upload["raw"]
    assert b"\x89PNG" in upload["raw"]
    assert upload["type"] == "image"
    image, card = platform.bodies(SEND)
    assert image["image"]["media_id"] == "MEDIA-2"
    assert card["msgtype"] == "template_card"


async def test_a_retry_sends_only_what_is_missing(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell(SEND, {"errcode": 0, "errmsg": "ok", "msgid": "M1"}, RESET)
    with pytest.raises(TransientError) as failed:
        await online.deliver(delivery(CHART))
    await online.deliver(delivery(CHART, done=failed.value.done))
    assert len(platform.bodies(UPLOAD)) == 1
    kinds = [body["msgtype"] for body in platform.bodies(SEND)]
    assert kinds == ["image", "template_card", "template_card"]
    first, again = platform.bodies(SEND)[1:]
    assert first == again  # so that WeCom can tell it is the same


async def test_a_picture_uploaded_too_long_ago_is_uploaded_again(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell(SEND, {"errcode": 40007, "errmsg": "invalid media_id"})
    with pytest.raises(TransientError) as failed:
        await online.deliver(delivery(CHART, done={"media0": "OLD"}))
    assert "media0" not in failed.value.done
    await online.deliver(delivery(CHART, done=failed.value.done))
    assert platform.bodies(SEND)[1]["image"]["media_id"].startswith("MEDIA-")


async def test_a_chart_that_cannot_be_drawn_does_not_hold_back_the_decision(
    online: WeComAdapter, platform: FakeWeCom, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Drawing) -> bytes:
        raise ValueError("no points")

    monkeypatch.setattr(pictures, "png", broken)
    await online.deliver(delivery(CHART))
    words, card = platform.bodies(SEND)
    assert words["text"]["content"] == "〔图：动能曲线〕"
    assert card["msgtype"] == "template_card"


@pytest.mark.parametrize("code", [40014, 42001])
async def test_a_refused_token_is_renewed_once(
    online: WeComAdapter, platform: FakeWeCom, code: int
) -> None:
    platform.tell(SEND, {"errcode": code, "errmsg": "token"})
    platform.tell(UPLOAD, {"errcode": code, "errmsg": "token"})
    await online.deliver(delivery(CHART))
    assert platform.tokens == 3
    platform.tell(SEND, *[{"errcode": code, "errmsg": "token"}] * 2)
    with pytest.raises(TransientError) as failed:
        await online.deliver(delivery(note("你好")))
    assert failed.value.after == 60
    assert platform.tokens == 4


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        ({"errcode": 45009, "errmsg": "api freq out of limit"}, 60),
        ({"errcode": 45033, "errmsg": "concurrency"}, 5),
        ({"errcode": -1, "errmsg": "system busy"}, None),
        ({"errcode": "odd"}, None),
        (RESET, None),
        (HTML, None),
        (DOWN, 7),
    ],
)
@pytest.mark.parametrize("path", [SEND, "gettoken"])
async def test_a_passing_fault_is_to_be_tried_again(
    online: WeComAdapter,
    platform: FakeWeCom,
    path: str,
    answer: dict[str, object] | str,
    after: float | None,
) -> None:
    platform.tell(path, answer, answer)  # a lost GET is repeated by the HTTP client itself
    with pytest.raises(TransientError) as failed:
        await online.deliver(delivery(note("你好")))
    assert failed.value.after == after
    assert failed.value.done == {}


@pytest.mark.parametrize(
    ("answer", "code", "advice"),
    [
        (
            {"errcode": 60020, "errmsg": "not allow to access from your ip, from ip: 203.0.113.7"},
            "60020",
            "203.0.113.7",
        ),
        ({"errcode": 60020, "errmsg": "not allow"}, "60020", "企业可信IP"),
        ({"errcode": 81013, "errmsg": "all invalid"}, "81013", "可见范围"),
        ({"errcode": 40001, "errmsg": "invalid credential"}, "40001", "Secret"),
        ({"errcode": 99999, "errmsg": "new"}, "99999", "维护者"),
        ({"errcode": 0, "invaliduser": "lina", "msgid": "M"}, "invaliduser", "可见范围"),
        ({"errcode": 0, "unlicenseduser": "lina", "msgid": "M"}, "unlicenseduser", "许可"),
    ],
)
async def test_a_lasting_fault_says_what_an_admin_must_do(
    online: WeComAdapter,
    platform: FakeWeCom,
    answer: dict[str, object],
    code: str,
    advice: str,
) -> None:
    platform.tell(SEND, answer)
    with pytest.raises(UndeliverableError) as failed:
        await online.deliver(delivery(note("你好")))
    assert failed.value.code == code
    assert advice in failed.value.advice


async def test_a_wrong_secret_is_asked_about_once(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell("gettoken", {"errcode": 40001, "errmsg": "invalid credential"})
    with pytest.raises(UndeliverableError, match="Secret"):
        await online.deliver(delivery(note("你好")))
    assert len(platform.calls) == 1


@pytest.mark.parametrize("person", ["", "@all", "lina|wang"])
async def test_one_message_never_reaches_more_than_one(
    online: WeComAdapter, platform: FakeWeCom, person: str
) -> None:
    with pytest.raises(UndeliverableError):
        await online.deliver(delivery(note("你好"), to=Address(person=person)))
    assert platform.calls == []


async def test_a_group_gets_words(online: WeComAdapter, platform: FakeWeCom) -> None:
    receipt = await online.deliver(delivery(cards.DECISION, to=Address(chat="GROUP1")))
    (body,) = platform.bodies("appchat/send")
    assert (body["chatid"], body["msgtype"]) == ("GROUP1", "markdown")
    assert "response_code" not in receipt.handle


async def test_a_card_is_changed_once_and_then_no_more(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    receipt = await online.deliver(delivery(cards.DECIDED, handle=HANDLE))
    (body,) = platform.bodies(UPDATE)
    assert (body["userids"], body["response_code"]) == (["lina"], "CODE-1")
    assert body["template_card"]["replace_text"] == "已处理"
    assert receipt.handle == {"message": "old-1", "msgid": "MSG-1"}
    with pytest.raises(CannotReplaceError):
        await online.deliver(delivery(cards.DECIDED, handle=receipt.handle))
    fresh = {**receipt.handle, "response_code": "CODE-OF-THE-PRESS"}
    await online.deliver(delivery(cards.DECISION, handle=fresh))
    assert platform.bodies(UPDATE)[1]["response_code"] == "CODE-OF-THE-PRESS"
    assert platform.bodies(SEND) == []


@pytest.mark.parametrize("answer", [{"errcode": 42016}, {"errcode": 0, "invaliduser": ["lina"]}])
async def test_a_card_that_is_gone_is_to_be_sent_anew(
    online: WeComAdapter, platform: FakeWeCom, answer: dict[str, object]
) -> None:
    platform.tell(UPDATE, answer)
    with pytest.raises(CannotReplaceError):
        await online.deliver(delivery(cards.DECIDED, handle=HANDLE))


async def test_a_fault_of_the_setup_is_no_reason_to_send_anew(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell(UPDATE, {"errcode": 60020, "errmsg": ""})
    with pytest.raises(UndeliverableError):
        await online.deliver(delivery(cards.DECIDED, handle=HANDLE))


async def test_a_change_whose_answer_was_lost_is_not_sent_as_a_second_card(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell(UPDATE, RESET, {"errcode": 40058, "errmsg": "response_code was used"})
    with pytest.raises(TransientError) as failed:
        await online.deliver(delivery(cards.DECIDED, handle=HANDLE))
    receipt = await online.deliver(delivery(cards.DECIDED, handle=HANDLE, done=failed.value.done))
    assert receipt.handle == {"message": "old-1", "msgid": "MSG-1"}


async def test_a_throttled_change_was_not_made(online: WeComAdapter, platform: FakeWeCom) -> None:
    platform.tell(UPDATE, {"errcode": 45009}, {"errcode": 40058})
    with pytest.raises(TransientError) as failed:
        await online.deliver(delivery(cards.DECIDED, handle=HANDLE))
    with pytest.raises(CannotReplaceError):
        await online.deliver(delivery(cards.DECIDED, handle=HANDLE, done=failed.value.done))


async def test_the_log_holds_no_secret_and_no_words(
    online: WeComAdapter, platform: FakeWeCom, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    platform.tell(SEND, {"errcode": 0}, HTML)
    with pytest.raises(TransientError) as failed:
        await online.deliver(delivery(CHART))
    told = str([vars(record) for record in caplog.records if record.name.startswith("bot")])
    assert "/cgi-bin/message/send" in told
    for private in (SETTINGS.secret, "TOKEN-1", "lina", "接手"):
        assert private not in told + str(failed.value)
