from __future__ import annotations

import asyncio
import copy
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from defusedxml import ElementTree
from wechatpy.enterprise.crypto import WeChatCrypto

from bot.emulator.desk import Bubble, Desk, Exchange, Resident
from bot.emulator.faults import Faults
from bot.emulator.wecom import FAILED, WeComSide
from bot.emulator.wecom_seal import xml
from tests.bot.emulator.stage import Came, Clock, FakeMomentum, status

CORP, AGENT, SECRET = "ww0000000000000001", 1000002, "wecom-secret"
TOKEN, AES_KEY = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) + b"\r\n--not-the-end\r\n"
CARD: dict[str, Any] = {
    "card_type": "button_interaction",
    "main_title": {"title": "动能衰减 · 云杉科技"},
    "button_list": [
        {"text": "立即跟进", "key": "跟进 17", "style": 1},
        {"text": "转交", "key": "转交 17"},
    ],
    "task_id": "task-1",
}


@dataclass
class Stage:
    side: WeComSide
    desk: Desk
    clock: Clock
    faults: Faults
    momentum: FakeMomentum
    api: TestClient[web.Request, web.Application]
    token: str = ""

    async def post(self, path: str, body: Any) -> dict[str, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        url = f"/cgi-bin/{path}"
        async with self.api.post(url, params={"access_token": self.token}, data=data) as answer:
            assert answer.status == 200
            found: dict[str, Any] = await answer.json()
            return found

    async def fetch_token(self) -> None:
        query = {"corpid": CORP, "corpsecret": SECRET}
        async with self.api.get("/cgi-bin/gettoken", params=query) as answer:
            self.token = (await answer.json())["access_token"]

    async def send(self, msgtype: str = "template_card", body: Any = None, **more: Any) -> Any:
        body = copy.deepcopy(CARD) if body is None else body
        common = {"touser": "zhangsan", "msgtype": msgtype, "agentid": AGENT, msgtype: body}
        return await self.post("message/send", {**common, **more})

    async def upload(self, kind: str, data: bytes) -> dict[str, Any]:
        form = aiohttp.FormData()
        form.add_field("media", io.BytesIO(data), filename="a.png", content_type="image/png")
        query = {"access_token": self.token, "type": kind}
        async with self.api.post("/cgi-bin/media/upload", params=query, data=form) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    @property
    def callbacks(self) -> list[Exchange]:
        return [e for e in self.desk.exchanges if e.direction == "in"]

    def bubbles(self, user: str = "zhangsan") -> list[Bubble]:
        return [b for b in self.desk.bubbles.values() if b.user == user and not b.mine]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    clock, faults, momentum = Clock(), Faults(), FakeMomentum()
    await momentum.start()
    people = [Resident("wecom", user, user, "销售") for user in ("zhangsan", "LiSi")]
    desk = Desk(clock.now, people)
    async with aiohttp.ClientSession() as session:
        side = WeComSide(
            desk,
            corp_id=CORP,
            agent_id=AGENT,
            secret=SECRET,
            token=TOKEN,
            aes_key=AES_KEY,
            callback_url=momentum.url("/webhooks/wecom/main"),
            session=lambda: session,
            faults=faults,
            pauses=(0.001, 0.001, 0.001),
        )
        app = web.Application()
        app.add_routes(side.routes())
        async with TestClient(TestServer(app)) as api:
            stage = Stage(side, desk, clock, faults, momentum, api)
            await stage.fetch_token()
            yield stage
    assert momentum.server is not None
    await momentum.server.close()


def opened(came: Came) -> Any:
    crypto = WeChatCrypto(TOKEN, AES_KEY, CORP)
    query = came.query
    plain = crypto.decrypt_message(
        came.body, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    return ElementTree.fromstring(plain)


def passive(fields: dict[str, Any], user: str = "zhangsan") -> Callable[[Came], web.Response]:
    whole = {"ToUserName": user, "FromUserName": CORP, "CreateTime": 1, **fields}
    sealed = WeChatCrypto(TOKEN, AES_KEY, CORP).encrypt_message(xml(whole), "n0nce", "1700000000")
    return lambda _: web.Response(text=sealed)


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


# ---- sending


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"msgtype": "text", "text": {"content": "汉" * 682}}, 0),
        ({"msgtype": "text", "text": {"content": "汉" * 683}}, 45002),
        ({"msgtype": "text", "text": {"content": ""}}, 40063),
        ({"msgtype": "text"}, 40063),
        ({"msgtype": "markdown", "markdown": {"content": "# 好"}}, 0),
        ({"msgtype": "markdown", "markdown": {"content": "x" * 2049}}, 45002),
        ({"msgtype": "markdown", "markdown": {"content": "x"}, "safe": 1}, 40058),
        ({"msgtype": "poem", "poem": {}}, 40008),
        ({"msgtype": "text", "text": {"content": "x"}, "agentid": 1}, 40056),
        ({"msgtype": "text", "text": {"content": "x"}, "agentid": str(AGENT)}, 40056),
        ({"msgtype": "text", "text": {"content": "x"}, "touser": ""}, 82001),
        ({"msgtype": "text", "text": {"content": "x"}, "touser": "|".join("x" * 1001)}, 40031),
        ({"msgtype": "text", "text": {"content": "x"}, "toparty": "|".join("1" * 101)}, 82002),
        ({"msgtype": "text", "text": {"content": "x"}, "totag": "|".join("1" * 101)}, 82003),
        ({"msgtype": "text", "text": {"content": "x"}, "touser": "nobody"}, 81013),
        ({"msgtype": "text", "text": {"content": "x"}, "urgent": 1}, 40058),
        ({"msgtype": "text", "text": {"content": "x"}, "safe": True}, 40058),
        ({"msgtype": "text", "text": {"content": "x"}, "duplicate_check_interval": 14401}, 40058),
        ({"msgtype": "image", "image": {"media_id": "gone"}}, 40007),
        (
            {
                "msgtype": "textcard",
                "textcard": {"title": "t", "description": "d", "url": "https://a"},
            },
            0,
        ),
        ({"msgtype": "textcard", "textcard": {"title": "t", "description": "d"}}, 40063),
        (
            {"msgtype": "textcard", "textcard": {"title": "t", "description": "d", "url": "a.b"}},
            40058,
        ),
        ({"msgtype": "news", "news": {"articles": [{"title": "t", "url": "https://a"}]}}, 0),
        ({"msgtype": "news", "news": {"articles": []}}, 40063),
    ],
)
async def test_rules_of_a_message(stage: Stage, request_: Any, code: int) -> None:
    body = {"touser": "zhangsan", "agentid": AGENT, **request_}
    assert (await stage.post("message/send", body))["errcode"] == code
    assert len(stage.bubbles()) == (code == 0)


async def test_escapes_and_nonsense(stage: Stage) -> None:
    body = {"touser": "zhangsan", "agentid": AGENT, "msgtype": "text", "text": {"content": "好"}}
    escaped = json.dumps(body).encode()
    assert (await stage.post("message/send", escaped))["errcode"] == 40033
    assert (await stage.post("message/send", b"touser=zhangsan"))["errcode"] == 47001
    body["text"] = {"content": "a \\u597d in the text itself"}
    assert (await stage.post("message/send", body))["errcode"] == 0


async def test_unknown_people_are_named_in_lower_case(stage: Stage) -> None:
    answer = await stage.send("text", {"content": "好"}, touser="ZHANGSAN|Nobody|lisi")
    assert answer["invaliduser"] == "nobody"
    assert len(stage.bubbles()) == len(stage.bubbles("LiSi")) == 1
    await stage.send("text", {"content": "好"}, touser="@all")
    assert len(stage.bubbles("LiSi")) == 2


async def test_more_than_thirty_a_minute_are_dropped_in_silence(stage: Stage) -> None:
    for n in range(31):
        assert (await stage.send("text", {"content": str(n)}))["errcode"] == 0
    assert len(stage.bubbles()) == 30
    assert "not delivered" in stage.desk.exchanges[-1].note
    stage.clock.advance(seconds=60)
    await stage.send("text", {"content": "again"})
    assert len(stage.bubbles()) == 31


async def test_the_duplicate_check_holds_back_the_same_request(stage: Stage) -> None:
    first = await stage.send(enable_duplicate_check=1)
    again = await stage.send(enable_duplicate_check=1)
    assert (again["errcode"], again["msgid"]) == (0, first["msgid"])
    assert len(stage.bubbles()) == 1
    assert (await stage.send(enable_duplicate_check=0))["errcode"] == 42014
    stage.clock.advance(seconds=1800)
    assert (await stage.send(enable_duplicate_check=1))["errcode"] == 42014


async def test_a_recalled_message_is_gone_for_24_hours_only(stage: Stage) -> None:
    first = (await stage.send())["msgid"]
    assert (await stage.post("message/recall", {"msgid": first}))["errcode"] == 0
    assert stage.bubbles()[0].kind == "recalled"
    second = (await stage.send("text", {"content": "x"}))["msgid"]
    stage.clock.advance(hours=25)
    await stage.fetch_token()
    assert (await stage.post("message/recall", {"msgid": second}))["errcode"] == 40058


# ---- media


async def test_a_picture_goes_up_whole_and_can_be_sent_for_three_days(stage: Stage) -> None:
    media_id = (await stage.upload("image", PNG))["media_id"]
    assert stage.desk.media[media_id] == ("image/png", PNG)
    assert (await stage.send("image", {"media_id": media_id}))["errcode"] == 0
    assert stage.bubbles()[0].body["media"] == media_id
    assert (await stage.send("file", {"media_id": media_id}))["errcode"] == 40007
    query = {"access_token": stage.token, "media_id": media_id}
    async with stage.api.get("/cgi-bin/media/get", params=query) as answer:
        assert await answer.read() == PNG
    stage.clock.advance(days=3)
    await stage.fetch_token()
    assert (await stage.send("image", {"media_id": media_id}))["errcode"] == 40007


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        ("image", b"\xff\xd8\xff" + b"jpeg", None),
        ("image", b"GIF89a....", 40123),
        ("image", b"\xff\xd8", 44001),
        ("voice", b"#!AMR\n...", None),
        ("voice", b"RIFF......", 40005),
        ("video", b"\0\0\0\x18ftypmp42", None),
        ("video", b"RIFF......", 40005),
        ("file", b"%PDF-1.7", None),
        ("sticker", b"%PDF-1.7", 40004),
    ],
)
async def test_rules_of_media(stage: Stage, kind: str, data: bytes, code: int | None) -> None:
    answer = await stage.upload(kind, data)
    assert answer["errcode"] == (code or 0)
    assert ("media_id" in answer) == (code is None)


@pytest.mark.parametrize(
    ("kind", "start", "most", "code"),
    [("image", b"\xff\xd8\xff", 10 << 20, 40009), ("voice", b"#!AMR", 2 << 20, 40006)],
)
async def test_the_largest_file(
    stage: Stage, kind: str, start: bytes, most: int, code: int
) -> None:
    assert (await stage.upload(kind, start.ljust(most, b"x")))["errcode"] == 0
    assert (await stage.upload(kind, start.ljust(most + 1, b"x")))["errcode"] == code


# ---- tokens and faults


async def test_tokens(stage: Stage) -> None:
    url, query = "/cgi-bin/gettoken", {"corpid": CORP, "corpsecret": "wrong"}
    async with stage.api.get(url, params=query) as answer:
        assert (await answer.json())["errcode"] == 40001
    async with stage.api.get(url, params={"corpid": "other"}) as answer:
        assert (await answer.json())["errcode"] == 40013
    good, stage.token = stage.token, "made-up"
    assert (await stage.send("text", {"content": "x"}))["errcode"] == 40014
    stage.token = ""
    assert (await stage.send("text", {"content": "x"}))["errcode"] == 41001
    stage.token = good
    stage.clock.advance(seconds=7200)
    assert (await stage.send("text", {"content": "x"}))["errcode"] == 42001


async def test_secrets_are_masked_in_the_log(stage: Stage) -> None:
    await stage.send("text", {"content": "x"})
    told = json.dumps([[e.request, e.response] for e in stage.desk.exchanges])
    assert SECRET not in told
    assert stage.token not in told


async def test_revoked_tokens_are_refused_until_a_new_one(stage: Stage) -> None:
    stage.faults.revoked = True
    assert (await stage.send("text", {"content": "x"}))["errcode"] == 40014
    old = stage.token
    await stage.fetch_token()
    assert (stage.token != old, stage.faults.revoked) == (True, False)
    assert (await stage.send("text", {"content": "x"}))["errcode"] == 0


async def test_throttled(stage: Stage) -> None:
    stage.faults.throttled = 1
    assert (await stage.send("text", {"content": "x"}))["errcode"] == 45009
    assert stage.bubbles() == []


async def test_failing(stage: Stage) -> None:
    stage.faults.failing = 1
    async with stage.api.post("/cgi-bin/message/send") as answer:
        assert answer.status == 502


async def test_lost_is_done_but_not_answered(stage: Stage) -> None:
    stage.faults.lost = 1
    with pytest.raises(aiohttp.ClientError):
        await stage.send("text", {"content": "x"})
    assert len(stage.bubbles()) == 1
    assert "lost" in stage.desk.exchanges[-1].note


async def test_slow_and_late_and_repeated(stage: Stage) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    stage.side.wire.sleep = sleep
    stage.faults.slow_seconds, stage.faults.late_seconds, stage.faults.repeats = 9, 7, 2
    await stage.send("text", {"content": "x"})
    await stage.side.say("zhangsan", "你好")
    assert waits == [9, 7]
    assert len({came.body for came in stage.momentum.came}) == 1
    assert len(stage.momentum.came) == 3


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
