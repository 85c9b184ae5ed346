"""What people do in Feishu: writing and pressing, and what comes of Momentum's answer."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from bot.emulator.desk import Json
from bot.emulator.feishu_seal import envelope, unseal
from tests.bot.emulator.feishu_world import (
    GROUP,
    KEY,
    TOKEN,
    World,
    claim_card,
    nothing,
    opened_world,
)

CLAIM: Json = {"value": {"command": "领取 17"}}
FORM: Json = {
    "tag": "form",
    "name": "follow_up",
    "elements": [
        {
            "tag": "input",
            "name": "note",
            "required": True,
            "max_length": 5,
            "label": {"tag": "plain_text", "content": "记录"},
        },
        {
            "tag": "select_static",
            "name": "stage",
            "initial_option": "a",
            "options": [
                {"text": {"tag": "plain_text", "content": "初访"}, "value": "a"},
                {"text": {"tag": "plain_text", "content": "报价"}, "value": "b"},
            ],
        },
        {"tag": "date_picker", "name": "next"},
        {"tag": "checker", "name": "done"},
        {
            "tag": "multi_select_person",
            "name": "who",
            "options": [{"value": "ou_rep"}, {"value": "ou_boss"}],
        },
        {
            "tag": "button",
            "name": "save",
            "form_action_type": "submit",
            "text": {"tag": "plain_text", "content": "提交"},
            "behaviors": [{"type": "callback", "value": {"command": "跟进 17"}}],
        },
        {
            "tag": "button",
            "name": "clear",
            "form_action_type": "reset",
            "text": {"tag": "plain_text", "content": "清空"},
        },
    ],
}
SAVE: Json = {"value": {"command": "跟进 17"}, "name": "save"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with opened_world() as world:
        yield world


async def test_words_arrive_sealed_signed_and_readable_by_the_sdk(world: World) -> None:
    import lark_oapi as lark  # 2 s to import, so only where needed

    heard: list[Any] = []
    builder = lark.EventDispatcherHandler.builder(KEY, TOKEN)
    handler = builder.register_p2_im_message_receive_v1(heard.append).build()
    await world.side.say("ou_rep", "领取 17")
    headers, body = world.callbacks[0]
    raw = lark.RawRequest()
    raw.uri, raw.headers, raw.body = "/", headers, body
    assert handler.do(raw).status_code == 200
    event = heard[0]
    assert event.header.create_time == "1772413200123"
    assert event.event.sender.sender_id.open_id == "ou_rep"
    assert json.loads(event.event.message.content) == {"text": "领取 17"}
    assert event.event.message.chat_type == "p2p"
    shown = world.bubble(event.event.message.message_id)
    assert (shown.mine, shown.kind, shown.body) == (True, "text", {"text": "领取 17"})


async def test_an_unanswered_event_is_repeated_as_it_was(world: World) -> None:
    world.answer({}, status=500)
    await world.side.say("ou_rep", "你好")
    assert world.slept == [15, 300]
    assert len({body for _, body in world.callbacks}) == 1
    assert [one.status for one in world.desk.exchanges if one.direction == "in"] == [500] * 3


async def test_repeats_and_late_callbacks(world: World) -> None:
    world.faults.repeats, world.faults.late_seconds = 2, 4
    await world.side.say("ou_rep", "你好")
    assert (len(world.callbacks), world.slept) == (3, [4])
    assert len({body for _, body in world.callbacks}) == 1


async def test_only_residents_write(world: World) -> None:
    with pytest.raises(ValueError, match="no such person"):
        await world.side.say("ou_ghost", "你好")


async def test_the_log_is_readable_and_holds_no_secret(world: World) -> None:
    await world.side.say("ou_rep", "你好")
    came = world.desk.exchanges[-1]
    assert came.request["event"]["message"]["content"] == '{"text": "你好"}'
    written = json.dumps([[one.request, one.response] for one in world.desk.exchanges])
    for secret in (TOKEN, KEY, world.token, "s3cr3t-of-the-app"):
        assert secret not in written


async def test_the_address_check(world: World) -> None:
    async def challenged(request: web.Request) -> web.StreamResponse:
        asked = json.loads(unseal(KEY, (await request.json())["encrypt"]))
        assert "X-Lark-Signature" not in request.headers
        return web.json_response({"challenge": asked["challenge"]})

    assert not await world.side.verify()
    world.answering = challenged
    assert await world.side.verify()


async def test_a_press_arrives_and_the_sdk_reads_it(world: World) -> None:
    import lark_oapi as lark
    from lark_oapi.event.callback.model.p2_card_action_trigger import P2CardActionTriggerResponse

    pressed: list[Any] = []

    def on_press(event: Any) -> Any:
        pressed.append(event)
        return P2CardActionTriggerResponse({})

    builder = lark.EventDispatcherHandler.builder(KEY, TOKEN)
    handler = builder.register_p2_card_action_trigger(on_press).build()
    message = await world.sent(claim_card())
    assert await world.side.press("ou_rep", message, CLAIM, {}) == ""
    raw = lark.RawRequest()
    raw.uri, (raw.headers, raw.body) = "/", world.callbacks[0]
    assert handler.do(raw).status_code == 200
    event = pressed[0].event
    assert event.action.value == {"command": "领取 17"}
    assert event.action.tag == "button"
    assert event.operator.open_id == "ou_rep"
    assert event.context.open_message_id == message
    assert event.token.startswith("c-")
    assert pressed[0].header.create_time == "1772413200123456"


async def test_the_answer_changes_the_card_for_all_who_see_it(world: World) -> None:
    message = await world.sent(claim_card(), to=GROUP, id_type="chat_id")
    new = claim_card(title="已领取")
    toast = {"type": "success", "content": "ok", "i18n": {"zh_cn": "已领取"}}
    world.answer({"toast": toast, "card": {"type": "raw", "data": new}})
    assert await world.side.press("ou_boss", f"{message}:ou_boss", CLAIM, {}) == "已领取"
    for user in ("ou_rep", "ou_boss"):
        shown = world.bubble(f"{message}:{user}")
        assert (shown.body, shown.version) == (new, 2)
    assert world.bubble(f"{message}:ou_boss").toast == "已领取"
    assert world.bubble(f"{message}:ou_rep").toast == ""


OLD: Json = {"config": {}, "elements": []}
UNKNOWN = claim_card({"tag": "hr", "color": "red"})


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 500, 200671),
        ({}, 403, 200671),
        (b"", 200, 200672),
        (b"[]", 200, 200672),
        (b"oops", 200, 200672),
        ({"challenge": "x"}, 200, 200672),
        ({"toast": {"type": "loud", "content": "x"}}, 200, 200672),
        ({"toast": {"content": 1}}, 200, 200672),
        ({"toast": {"i18n": {"zh": "x"}}}, 200, 200672),
        ({"toast": {"text": "x"}}, 200, 200672),
        ({"card": claim_card()}, 200, 200672),
        ({"card": {"type": "template", "data": {"template_id": "AAq"}}}, 200, 200673),
        ({"card": {"type": "raw", "data": json.dumps(claim_card())}}, 200, 200673),
        ({"card": {"type": "raw", "data": UNKNOWN}}, 200, 200673),
        ({"card": {"type": "raw", "data": OLD}}, 200, 200830),
    ],
)
async def test_a_bad_answer_is_a_toast_with_its_code(
    world: World, body: Any, status: int, code: int
) -> None:
    message = await world.sent(claim_card())
    world.answer(body, status)
    toast = await world.side.press("ou_rep", message, CLAIM, {})
    assert toast.endswith(f"错误码：{code}")
    assert len(world.callbacks) == 1  # a press is never repeated
    assert world.bubble(message).body == claim_card()
    assert world.bubble(message).toast == toast


async def test_no_answer_in_time() -> None:
    release = asyncio.Event()

    async def hanging(request: web.Request) -> web.StreamResponse:
        await release.wait()
        return await nothing(request)

    async with opened_world(budget=0.05) as world:
        message = await world.sent(claim_card())
        world.answering = hanging
        assert "200341" in await world.side.press("ou_rep", message, CLAIM, {})
        release.set()


async def test_no_connection() -> None:
    async with opened_world(callback_url="http://127.0.0.1:1/") as world:
        message = await world.sent(claim_card())
        assert "200342" in await world.side.press("ou_rep", message, CLAIM, {})


async def test_a_form_is_sent_by_the_names_of_its_inputs(world: World) -> None:
    message = await world.sent(claim_card(FORM))
    form = {"note": "已电联", "next": "2026-03-05", "done": "true", "who": "ou_rep,ou_boss"}
    await world.side.press("ou_rep", message, SAVE, form)
    action = world.opened()["event"]["action"]
    assert (action["name"], action["value"]) == ("save", {"command": "跟进 17"})
    assert action["form_value"] == {
        "note": "已电联",
        "stage": "a",
        "next": "2026-03-05 +0800",
        "done": True,
        "who": ["ou_rep", "ou_boss"],
    }


async def test_untouched_optional_inputs_are_missing(world: World) -> None:
    message = await world.sent(claim_card(FORM))
    await world.side.press("ou_rep", message, SAVE, {"note": "好"})
    values = world.opened()["event"]["action"]["form_value"]
    assert values == {"note": "好", "stage": "a", "done": False}


@pytest.mark.parametrize(
    ("button", "form", "toast"),
    [
        (SAVE, {}, "请填写：记录"),
        (SAVE, {"note": ""}, "请填写：记录"),
        (SAVE, {"note": "一二三四五六"}, "最多 5 个字"),
        (SAVE, {"note": "好", "stage": "c"}, "没有这个选项"),
        ({"name": "clear"}, {}, ""),
        ({"value": {"command": "删除 17"}}, {}, "卡片上已没有这个按钮"),
        ({"value": CLAIM["value"], "name": "other"}, {}, "卡片上已没有这个按钮"),
    ],
)
async def test_what_the_client_does_not_send(
    world: World, button: Json, form: dict[str, str], toast: str
) -> None:
    message = await world.sent(claim_card(FORM))
    assert await world.side.press("ou_rep", message, button, form) == toast
    assert world.callbacks == []


@pytest.mark.parametrize(
    ("element", "form", "sent"),
    [
        ({"tag": "input"}, {"value": "张三"}, {"input_value": "张三"}),
        ({"tag": "input", "name": "who"}, {"who": "张三"}, {"name": "who", "input_value": "张三"}),
        ({"tag": "checker"}, {"value": "1"}, {"checked": True}),
        (
            {"tag": "picker_time"},
            {"value": "09:30"},
            {"option": "09:30 +0800", "timezone": "Asia/Shanghai"},
        ),
        ({"tag": "select_person"}, {"value": "ou_boss"}, {"option": "ou_boss"}),
        ({"tag": "multi_select_person"}, {"value": "ou_boss"}, {"options": ["ou_boss"]}),
        ({"tag": "interactive_container", "elements": []}, {}, {}),
    ],
)
async def test_components_outside_forms_send_their_own_value(
    world: World, element: Json, form: dict[str, str], sent: Json
) -> None:
    element = element | {"behaviors": [{"type": "callback", "value": {"k": 1}}]}
    message = await world.sent(claim_card(element))
    await world.side.press("ou_rep", message, {"value": {"k": 1}}, form)
    assert world.opened()["event"]["action"] == {
        "tag": element["tag"],
        "value": {"k": 1},
        **sent,
    }


async def test_a_disabled_or_opening_button_does_not_call(world: World) -> None:
    text = {"tag": "plain_text", "content": "不可用"}
    button = {"tag": "button", "text": text, "name": "x"}
    opens = {"behaviors": [{"type": "open_url", "default_url": "https://example.com/"}]}
    calls = {"behaviors": [{"type": "callback", "value": {"k": 1}}], "disabled_tips": text}
    one = await world.sent(claim_card(button | opens))
    two = await world.sent(claim_card(button | calls | {"disabled": True}))
    assert await world.side.press("ou_rep", one, {"name": "x"}, {}) == ""
    assert await world.side.press("ou_rep", two, {"name": "x"}, {}) == "不可用"
    assert world.callbacks == []


async def test_a_card_is_pressed_on_its_own_phone_for_14_days(world: World) -> None:
    message = await world.sent(claim_card())
    text = await world.sent({"text": "好"}, "text")
    with pytest.raises(ValueError, match="no such bubble"):
        await world.side.press("ou_boss", message, CLAIM, {})
    assert await world.side.press("ou_rep", text, CLAIM, {}) == "这条消息没有按钮"
    world.wait(days=14, seconds=1)
    assert "14 天" in await world.side.press("ou_rep", message, CLAIM, {})
    assert world.callbacks == []


async def test_without_an_encrypt_key_nothing_is_signed() -> None:
    async with opened_world(encrypt_key="") as world:
        await world.side.say("ou_rep", "你好")
        headers, body = world.callbacks[0]
        assert json.loads(body)["header"]["token"] == TOKEN
        assert "X-Lark-Signature" not in headers
        assert envelope("", {}) == b"{}"
