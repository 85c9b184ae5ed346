"""People and cards of the emulated WeCom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from defusedxml import ElementTree
from wechatpy.enterprise.crypto import WeChatCrypto

from bot.emulator.wecom import FAILED
from tests.bot.emulator.stage import status
from tests.bot.emulator.wecom_stage import (
    AES_KEY,
    AGENT,
    CARD,
    CORP,
    TOKEN,
    Stage,
    opened,
    opened_stage,
    passive,
)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with opened_stage() as stage:
        yield stage


# ---- what people do


async def test_a_typed_message_arrives_sealed(stage: Stage) -> None:
    await stage.side.say("zhangsan", "领取 17 ]]> <b>")
    (came,) = stage.momentum.came
    message = opened(came)
    assert message.findtext("Content") == "领取 17 ]]> <b>"
    assert message.findtext("FromUserName") == "zhangsan"
    assert message.findtext("MsgType") == "text"
    assert int(message.findtext("MsgId")) > 0
    assert came.query["timestamp"] == message.findtext("CreateTime") == "1772413200"
    envelope = ElementTree.fromstring(came.body)
    assert (envelope.findtext("ToUserName"), envelope.findtext("AgentID")) == (CORP, str(AGENT))
    (exchange,) = stage.callbacks
    assert exchange.request["body"]["Content"] == "领取 17 ]]> <b>"


async def test_opening_the_app_is_an_event(stage: Stage) -> None:
    await stage.side.enter("zhangsan")
    assert opened(stage.momentum.came[0]).findtext("Event") == "enter_agent"


async def test_a_stranger_cannot_type(stage: Stage) -> None:
    with pytest.raises(LookupError):
        await stage.side.say("wangwu", "你好")


async def test_a_failure_is_retried_with_the_same_bytes(stage: Stage) -> None:
    stage.momentum.replies = [status(500), status(503)]
    await stage.side.say("zhangsan", "你好")
    assert len(stage.momentum.came) == 3
    assert len({came.body for came in stage.momentum.came}) == 1
    assert [e.status for e in stage.callbacks] == [500, 503, 200]


async def test_after_three_retries_wecom_gives_up(stage: Stage) -> None:
    stage.momentum.replies = [status(500)] * 9
    await stage.side.say("zhangsan", "你好")
    assert len(stage.momentum.came) == 4


async def test_silence_is_cut_after_the_budget(stage: Stage) -> None:
    stage.momentum.hang = asyncio.Event()
    stage.side._budget, stage.side._pauses = 0.05, ()
    await stage.side.say("zhangsan", "你好")
    assert stage.callbacks[0].status == 0
    assert "no answer" in stage.callbacks[0].note
    stage.momentum.hang.set()


async def test_a_passive_text_is_shown(stage: Stage) -> None:
    stage.momentum.replies = [passive({"MsgType": "text", "Content": "好的"})]
    await stage.side.say("zhangsan", "你好")
    assert [b.body for b in stage.bubbles()] == [{"content": "好的"}]


@pytest.mark.parametrize(
    "reply",
    [
        passive({"MsgType": "text", "Content": "好的"}, user="LiSi"),
        passive({"MsgType": "song", "Content": "好的"}),
        passive({"MsgType": "text"}),
        lambda _: web.Response(text="{}"),
    ],
)
async def test_a_passive_reply_wecom_cannot_read_shows_nothing(stage: Stage, reply: Any) -> None:
    stage.momentum.replies = [reply]
    await stage.side.say("zhangsan", "你好")
    assert stage.bubbles() == []
    assert "not understood" in stage.callbacks[0].note


async def test_a_press_tells_who_pressed_what(stage: Stage) -> None:
    await stage.send()
    (bubble,) = stage.bubbles()
    assert await stage.side.press("zhangsan", bubble.id, {"key": "跟进 17"}, {}) == ""
    event = opened(stage.momentum.came[0])
    told = {name: event.findtext(name) for name in ("Event", "EventKey", "TaskId", "CardType")}
    assert told == {
        "Event": "template_card_event",
        "EventKey": "跟进 17",
        "TaskId": "task-1",
        "CardType": "button_interaction",
    }
    assert event.find("SelectedItems") is None


async def test_a_press_that_nobody_answers_says_so(stage: Stage) -> None:
    await stage.send()
    stage.momentum.replies = [status(500)] * 4
    (bubble,) = stage.bubbles()
    assert await stage.side.press("zhangsan", bubble.id, {"key": "跟进 17"}, {}) == FAILED


async def test_a_press_on_what_is_not_there(stage: Stage) -> None:
    await stage.send()
    (bubble,) = stage.bubbles()
    for user, key in (("LiSi", "跟进 17"), ("zhangsan", "别的")):
        with pytest.raises(LookupError):
            await stage.side.press(user, bubble.id, {"key": key}, {})


VOTE = {
    "card_type": "vote_interaction",
    "main_title": {"title": "投票"},
    "checkbox": {
        "question_key": "q",
        "mode": 1,
        "option_list": [{"id": "a", "text": "甲"}, {"id": "b", "text": "乙", "is_checked": True}],
    },
    "submit_button": {"text": "提交", "key": "投票 9"},
    "task_id": "task-2",
}
CHOICES = {
    "card_type": "multiple_interaction",
    "main_title": {"title": "改派"},
    "select_list": [
        {
            "question_key": "rep",
            "option_list": [{"id": "1", "text": "甲"}, {"id": "2", "text": "乙"}],
        },
        {"question_key": "why", "option_list": [{"id": "x", "text": "休假"}]},
    ],
    "submit_button": {"text": "提交", "key": "改派 9"},
    "task_id": "task-3",
}


@pytest.mark.parametrize(
    ("card", "form", "expected"),
    [
        (VOTE, {"q": "a,b"}, {"q": ["a", "b"]}),
        (VOTE, {}, {"q": ["b"]}),
        (VOTE, {"q": ""}, {"q": []}),
        (CHOICES, {"rep": "2"}, {"rep": ["2"], "why": ["x"]}),
    ],
)
async def test_a_form_comes_as_selected_items(
    stage: Stage, card: Any, form: dict[str, str], expected: Any
) -> None:
    await stage.send(body=card)
    (bubble,) = stage.bubbles()
    await stage.side.press("zhangsan", bubble.id, {"key": card["submit_button"]["key"]}, form)
    items = opened(stage.momentum.came[0]).findall("SelectedItems/SelectedItem")
    found = {
        item.findtext("QuestionKey"): [o.text for o in item.findall("OptionIds/OptionId")]
        for item in items
    }
    assert found == expected


async def test_a_menu_entry_makes_a_menu_event(stage: Stage) -> None:
    card = {
        "card_type": "text_notice",
        "main_title": {"title": "周报"},
        "card_action": {"type": 1, "url": "https://m.example"},
        "action_menu": {"desc": "更多", "action_list": [{"text": "不再提醒", "key": "退订 周报"}]},
        "task_id": "task-4",
    }
    assert "response_code" in await stage.send(body=card)
    (bubble,) = stage.bubbles()
    await stage.side.press("zhangsan", bubble.id, {"key": "退订 周报"}, {})
    assert opened(stage.momentum.came[0]).findtext("Event") == "template_card_menu_event"


# ---- cards that change


async def test_a_passive_card_replaces_the_clickers_copy_only(stage: Stage) -> None:
    await stage.send(touser="zhangsan|lisi")
    stage.momentum.replies = [
        passive(
            {
                "MsgType": "update_template_card",
                "TemplateCard": {
                    "CardType": "button_interaction",
                    "Source": {"Desc": "动能", "DescColor": 3},
                    "MainTitle": {"Title": "已由张三跟进"},
                    "HorizontalContentList": [
                        {"KeyName": "动能", "Value": "31 分"},
                        {"KeyName": "负责", "Value": "张三", "Type": 3, "UserId": "zhangsan"},
                    ],
                    "ButtonList": [{"Text": "立即跟进", "Style": 1, "Key": "跟进 17"}],
                    "ReplaceText": "已处理",
                },
            }
        )
    ]
    (bubble,) = stage.bubbles()
    await stage.side.press("zhangsan", bubble.id, {"key": "跟进 17"}, {})
    assert bubble.body["main_title"] == {"title": "已由张三跟进"}
    assert bubble.body["source"]["desc_color"] == 3
    assert bubble.body["horizontal_content_list"][1]["userid"] == "zhangsan"
    assert (bubble.greyed, bubble.version) == ("已处理", 2)
    (other,) = stage.bubbles("LiSi")
    assert other.version == 1
    assert await stage.side.press("zhangsan", bubble.id, {"key": "跟进 17"}, {}) == ""
    assert len(stage.momentum.came) == 1


async def test_update_button_greys(stage: Stage) -> None:
    await stage.send()
    stage.momentum.replies = [
        passive({"MsgType": "update_button", "Button": {"ReplaceName": "已接"}})
    ]
    (bubble,) = stage.bubbles()
    await stage.side.press("zhangsan", bubble.id, {"key": "转交 17"}, {})
    assert (bubble.greyed, bubble.body["task_id"]) == ("已接", "task-1")


@pytest.mark.parametrize(
    "card",
    [
        {"CardType": "button_interaction", "MainTitle": {"Title": "无按钮"}},
        {"CardType": "text_notice", "Maintitle": {"Title": "错名"}},
    ],
)
async def test_a_bad_passive_card_changes_nothing(stage: Stage, card: Any) -> None:
    await stage.send()
    stage.momentum.replies = [passive({"MsgType": "update_template_card", "TemplateCard": card})]
    (bubble,) = stage.bubbles()
    await stage.side.press("zhangsan", bubble.id, {"key": "跟进 17"}, {})
    assert bubble.version == 1
    assert "not understood" in stage.desk.exchanges[-1].note


async def test_the_codes_of_send_and_of_each_press_work_once(stage: Stage) -> None:
    code = (await stage.send())["response_code"]
    (bubble,) = stage.bubbles()
    await stage.side.press("zhangsan", bubble.id, {"key": "跟进 17"}, {})
    pressed = opened(stage.momentum.came[0]).findtext("ResponseCode")
    assert pressed != code
    grey = {"userids": ["zhangsan"], "agentid": AGENT, "button": {"replace_name": "已处理"}}
    for one in (code, pressed):
        body = {**grey, "response_code": one}
        assert (await stage.post("message/update_template_card", body))["errcode"] == 0
        assert (await stage.post("message/update_template_card", body))["errcode"] == 40058
    assert (bubble.greyed, bubble.version) == ("已处理", 3)


async def test_a_code_lives_72_hours(stage: Stage) -> None:
    code = (await stage.send())["response_code"]
    stage.clock.advance(hours=72)
    await stage.fetch_token()
    body = {"atall": 1, "agentid": AGENT, "response_code": code, "button": {"replace_name": "迟"}}
    assert (await stage.post("message/update_template_card", body))["errcode"] == 40058


async def test_an_update_reaches_those_who_have_the_card(stage: Stage) -> None:
    code = (await stage.send(touser="zhangsan|LiSi"))["response_code"]
    card = {**CARD, "replace_text": "已由李四处理"}
    answer = await stage.post(
        "message/update_template_card",
        {
            "userids": ["zhangsan", "lisi", "WangWu"],
            "agentid": AGENT,
            "response_code": code,
            "template_card": card,
        },
    )
    assert answer == {"errcode": 0, "errmsg": "ok", "invaliduser": ["wangwu"]}
    for user in ("zhangsan", "LiSi"):
        assert stage.bubbles(user)[0].greyed == "已由李四处理"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"agentid": 7}, 42015),
        ({"button": {"replace_name": "x"}, "template_card": CARD}, 40058),
        ({"button": None}, 40058),
        ({"button": {}}, 40063),
        ({"userids": []}, 40063),
        ({"userids": ["nobody"]}, 81013),
        ({"response_code": "made-up"}, 40058),
        ({"colour": 1}, 40058),
    ],
)
async def test_a_bad_update_is_refused(stage: Stage, change: Any, code: int) -> None:
    good = (await stage.send())["response_code"]
    body = {"userids": ["zhangsan"], "agentid": AGENT, "response_code": good}
    body = {**body, "button": {"replace_name": "已处理"}, **change}
    assert (await stage.post("message/update_template_card", body))["errcode"] == code
    assert stage.bubbles()[0].version == 1


async def test_a_notice_has_no_code_and_a_grey_button_only_where_there_are_buttons(
    stage: Stage,
) -> None:
    card: dict[str, Any] = {
        "card_type": "text_notice",
        "main_title": {"title": "周报"},
        "card_action": {"type": 1, "url": "https://m.example"},
    }
    assert "response_code" not in await stage.send(body=card)
    menu = {"action_menu": {"action_list": [{"text": "退", "key": "退"}]}, "task_id": "t9"}
    code = (await stage.send(body={**card, **menu}))["response_code"]
    body = {"atall": 1, "agentid": AGENT, "response_code": code, "button": {"replace_name": "退"}}
    assert (await stage.post("message/update_template_card", body))["errcode"] == 40058


# ---- published vectors, through the SDK as the side uses it


def test_published_vectors_open() -> None:
    crypto = WeChatCrypto(TOKEN, AES_KEY, "wx5823bf96d3bd56c7")
    echo = (
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    )
    signature = "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    assert (
        crypto.check_signature(signature, "1409659589", "263014780", echo) == "1616140317555161061"
    )
    encrypted = (
        "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3Qczc"
        "dCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLj"
        "vd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMn"
        "vw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k"
        "22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2Yoy"
        "yH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
    )
    signature = "477715d11cdb4164915debcba66cb864d751f3e6"
    plain = crypto.decrypt_message({"Encrypt": encrypted}, signature, "1409659813", "1372623149")
    assert "<![CDATA[hello]]>" in plain


def test_a_published_vector_is_reproduced(monkeypatch: pytest.MonkeyPatch) -> None:
    key, corp = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a"
    monkeypatch.setattr(
        "wechatpy.crypto.base.BasePrpCrypto.get_random_string", lambda _: "1234567890123456"
    )
    plain = (
        "<xml>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[test]]></Content>\n"
        "<FromUserName><![CDATA[wx49f0ab532d5d035a]]></FromUserName>\n"
        "<ToUserName><![CDATA[messense]]></ToUserName>\n<AgentID>1</AgentID>\n"
        "<CreateTime>1411525903</CreateTime>\n</xml>"
    )
    sealed = WeChatCrypto("123456", key, corp).encrypt_message(plain, "461056294", "1411525903")
    assert "407518b7649e86ef23978113f92d27afa9296533" in sealed
