"""What people do in Feishu besides writing to the robot alone, and the API that serves it."""

import base64
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.emulator.desk import Json, Resident
from bot.emulator.feishu_contact import Office
from bot.emulator.feishu_hook import Hook, signature
from tests.bot.emulator.feishu_world import GROUP, PNG, World, claim_card, opened_world

HOOK, SIGNED = "11111111-aaaa", "22222222-bbbb"
OFFICES = (
    Office("od-east", "华东区", "od-sales"),
    Office("od-sales", "销售部", members=("ou_rep",)),
    Office("od-hq", "总部", members=("ou_boss",)),
)
SPEECH = "/open-apis/speech_to_text/v1/speech/file_recognize"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    hooks = {HOOK: Hook(GROUP, keyword="业绩"), SIGNED: Hook(GROUP, secret="s3cr3t")}
    phones = {"13800000000": "ou_rep"}
    async with opened_world(hooks=hooks, offices=OFFICES, mobiles=phones) as world:
        yield world


def told(world: World, kind: str) -> Json:
    """The last event, which is of this kind."""
    opened = world.opened()
    assert opened["header"]["event_type"] == kind
    return dict(opened["event"])


def message(world: World) -> Json:
    return dict(told(world, "im.message.receive_v1")["message"])


async def test_a_group_is_heard_only_when_it_mentions_the_robot(world: World) -> None:
    await world.side.say("ou_rep", "中午吃什么", chat=GROUP)
    assert world.callbacks == []
    await world.side.say("ou_rep", "@动能 转交 17 @boss", chat=GROUP)
    heard = message(world)
    assert json.loads(heard["content"]) == {"text": "@_user_1 转交 17 @_user_2"}
    assert (heard["chat_type"], heard["chat_id"]) == ("group", GROUP)
    robot, boss = heard["mentions"]
    _, info = await world.call("GET", "/open-apis/bot/v3/info")
    assert (robot["mentioned_type"], robot["id"]["open_id"]) == ("bot", info["bot"]["open_id"])
    assert (boss["mentioned_type"], boss["id"]["open_id"]) == ("user", "ou_boss")
    shown = [one for one in world.desk.bubbles.values() if one.id.startswith(heard["message_id"])]
    assert {(one.user, one.mine) for one in shown} == {("ou_rep", True), ("ou_boss", False)}


async def test_everybody_is_mentioned_and_the_robot_is_not_everybody(world: World) -> None:
    await world.side.say("ou_rep", "@所有人 开会", chat=GROUP)
    assert world.callbacks == []
    await world.side.say("ou_rep", "@所有人 @动能 今日", chat=GROUP)
    heard = message(world)
    assert json.loads(heard["content"]) == {"text": "@_all @_user_1 今日"}
    assert heard["mentions"][0]["id"] == {}


async def test_an_app_that_may_hear_all_hears_all() -> None:
    async with opened_world(hears_all=True) as world:
        await world.side.say("ou_rep", "中午吃什么", chat=GROUP)
        assert "mentions" not in message(world)
        await world.side.send_image("ou_rep", PNG, chat=GROUP)
        assert message(world)["message_type"] == "image"


async def test_only_members_write_in_a_group(world: World) -> None:
    world.desk.residents.append(Resident("feishu", "ou_new", "new", ""))
    with pytest.raises(ValueError, match="not in this group"):
        await world.side.say("ou_new", "你好", chat=GROUP)


async def fetched(world: World, message_id: str, key: str, kind: str) -> tuple[int, bytes, Any]:
    url = f"{world.api}/open-apis/im/v1/messages/{message_id}/resources/{key}"
    bearer = {"Authorization": f"Bearer {world.token}"}
    async with world.session.get(url, params={"type": kind}, headers=bearer) as answer:
        return answer.status, await answer.read(), answer.content_disposition


async def test_a_picture_can_be_fetched_but_not_sent_on(world: World) -> None:
    await world.side.send_image("ou_rep", PNG)
    heard = message(world)
    key = json.loads(heard["content"])["image_key"]
    assert world.bubble(heard["message_id"]).body["media"] == key
    assert (await fetched(world, heard["message_id"], key, "image"))[:2] == (200, PNG)
    assert (await world.send({"image_key": key}, "image"))[1]["code"] == 230001


async def test_a_file_can_be_fetched_by_its_own_name(world: World) -> None:
    await world.side.send_file("ou_rep", "客户 名单.xlsx", b"PK\x03\x04")
    heard = message(world)
    content = json.loads(heard["content"])
    assert content["file_name"] == "客户 名单.xlsx"
    status, data, named = await fetched(world, heard["message_id"], content["file_key"], "file")
    assert (status, data, named.filename) == (200, b"PK\x03\x04", "客户 名单.xlsx")


async def uploaded(world: World, data: bytes = b"PK\x03\x04", **fields: str) -> Json:
    form = aiohttp.FormData({"file_type": "xls", "file_name": "报价.xls"} | fields)
    form.add_field("file", io.BytesIO(data), filename="a.xls")
    return (await world.call("POST", "/open-apis/im/v1/files", data=form))[1]


async def test_the_app_sends_a_file(world: World) -> None:
    key = (await uploaded(world))["data"]["file_key"]
    sent = await world.sent({"file_key": key}, "file")
    shown = world.bubble(sent)
    assert (shown.body["name"], world.desk.media[shown.body["media"]][1]) == (
        "报价.xls",
        b"PK\x03\x04",
    )
    assert (await world.send({"file_key": "file_v3_other"}, "file"))[1]["code"] == 230001


@pytest.mark.parametrize(
    ("data", "fields", "code"),
    [
        (b"", {}, 234010),
        (b"x", {"file_type": "exe"}, 234001),
        (b"x", {"file_name": ""}, 234001),
        (bytes((30 << 20) + 1), {}, 234006),
    ],
)
async def test_a_file_that_is_no_file(
    world: World, data: bytes, fields: dict[str, str], code: int
) -> None:
    assert (await uploaded(world, data, **fields))["code"] == code


@pytest.mark.parametrize(
    ("kind", "code"), [("audio", 234001), ("image", 234003), ("", 234001), ("file", 234003)]
)
async def test_a_resource_that_is_not_there(world: World, kind: str, code: int) -> None:
    await world.side.send_file("ou_rep", "a.csv", b"1")
    _, data, _ = await fetched(world, message(world)["message_id"], "file_v3_other", kind)
    assert json.loads(data)["code"] == code


async def test_cards_have_no_resources(world: World) -> None:
    sent = await world.sent(claim_card())
    _, data, _ = await fetched(world, sent, "file_v3_other", "file")
    assert json.loads(data)["code"] == 234043


def speech(pcm: bytes, **config: str) -> Json:
    wanted = {"file_id": "0123456789abcdef", "format": "pcm", "engine_type": "16k_auto"}
    return {"speech": {"speech": base64.b64encode(pcm).decode()}, "config": wanted | config}


async def test_a_voice_is_heard_and_understood(world: World) -> None:
    await world.side.send_audio("ou_rep", b"OggS", seconds=2.5, words="新建客户 张三")
    assert json.loads(message(world)["content"])["duration"] == 2500
    _, answer = await world.call("POST", SPEECH, speech(b"\0" * 320))
    assert answer["data"]["recognition_text"] == "新建客户 张三"
    assert (await world.call("POST", SPEECH, speech(b"\0" * 320)))[1]["code"] == 1040102


@pytest.mark.parametrize(
    "body",
    [
        speech(b"\0", format="opus"),
        speech(b"\0", engine_type="8k"),
        speech(b"\0", file_id="short"),
        speech(b""),
        speech(b"\0" * (60 * 32_000 + 1)),
        {"speech": {"speech": "%"}, "config": speech(b"")["config"]},
        {},
    ],
)
async def test_speech_that_cannot_be_read(world: World, body: Json) -> None:
    raw = io.BytesIO(json.dumps(body).encode())
    assert (await world.call("POST", SPEECH, data=raw))[1]["code"] == 1040101


async def test_the_menu_and_the_door(world: World) -> None:
    await world.side.menu("ou_rep", "today")
    event = told(world, "application.bot.menu_v6")
    assert (event["event_key"], event["operator"]["operator_name"]) == ("today", "rep")
    assert event["timestamp"] == 1772413200
    kind = "im.chat.access_event.bot_p2p_chat_entered_v1"
    await world.side.enter("ou_rep")
    assert "last_message_id" not in told(world, kind)
    sent = await world.sent(claim_card())
    await world.side.enter("ou_rep")
    event = told(world, kind)
    assert (event["operator_id"]["open_id"], event["last_message_id"]) == ("ou_rep", sent)


async def test_a_recalled_message_is_greyed_and_told(world: World) -> None:
    await world.side.say("ou_rep", "领取 17")
    sent = message(world)["message_id"]
    await world.side.take_back("ou_rep", sent)
    assert told(world, "im.message.recalled_v1")["message_id"] == sent
    assert world.bubble(sent).greyed == "消息已撤回"
    sent = await world.sent(claim_card())
    with pytest.raises(ValueError, match="not theirs"):
        await world.side.take_back("ou_rep", sent)
    assert (await world.call("DELETE", f"/open-apis/im/v1/messages/{sent}"))[1]["code"] == 0
    assert world.bubble(sent).greyed == "消息已撤回"


async def test_people_come_change_and_go(world: World) -> None:
    await world.side.join(Resident("feishu", "ou_new", "小新", "销售"))
    new = told(world, "contact.user.created_v3")["object"]
    assert (new["open_id"], new["name"], "department_ids" in new) == ("ou_new", "小新", False)
    await world.side.change("ou_new", title="店长")
    event = told(world, "contact.user.updated_v3")
    assert (event["object"]["job_title"], event["old_object"]) == ("店长", {"job_title": "销售"})
    await world.side.leave("ou_new")
    event = told(world, "contact.user.deleted_v3")
    assert event["object"]["status"]["is_resigned"]
    assert event["old_object"]["department_ids"] == ["od-east"]
    with pytest.raises(ValueError, match="no such person"):
        await world.side.say("ou_new", "你好")
    await world.side.found(Office("od-west", "西部区"))
    assert told(world, "contact.department.created_v3")["object"]["name"] == "西部区"


async def children(world: World, department: str, **query: str) -> Json:
    path = f"/open-apis/contact/v3/departments/{department}/children"
    return (await world.call("GET", path, params=query))[1]


async def test_departments_are_walked(world: World) -> None:
    top = (await children(world, "0"))["data"]
    assert [one["name"] for one in top["items"]] == ["销售部", "总部"]
    whole = (await children(world, "0", fetch_child="true", page_size="2"))["data"]
    rest = await children(
        world, "0", fetch_child="true", page_size="2", page_token=whole["page_token"]
    )
    assert [one["open_department_id"] for one in rest["data"]["items"]] == ["od-east"]
    assert (whole["has_more"], rest["data"]["has_more"]) == (True, False)
    assert (await children(world, "0", page_size="51"))["code"] != 0
    assert (await children(world, "od-nowhere"))["code"] != 0


async def test_people_are_found_by_department_and_by_phone(world: World) -> None:
    path = "/open-apis/contact/v3/users/find_by_department"
    _, answer = await world.call("GET", path, params={"department_id": "od-sales"})
    (rep,) = answer["data"]["items"]
    assert (rep["open_id"], rep["mobile"]) == ("ou_rep", "13800000000")
    path = "/open-apis/contact/v3/users/batch_get_id?user_id_type=open_id"
    asked = {"mobiles": ["13800000000", "13900000000"], "emails": ["a@example.com"]}
    _, answer = await world.call("POST", path, asked)
    email, known, unknown = answer["data"]["user_list"]
    assert known == {"mobile": "13800000000", "user_id": "ou_rep"}
    assert "user_id" not in unknown
    assert "user_id" not in email
    _, answer = await world.call("POST", path, {"mobiles": ["1"] * 51})
    assert answer["code"] != 0
    _, answer = await world.call("GET", "/open-apis/contact/v3/users/ou_boss")
    assert answer["data"]["user"]["department_ids"] == ["od-hq"]


async def posted(world: World, hook: str, body: Json) -> Json:
    status, answer = await world.call("POST", f"/open-apis/bot/v2/hook/{hook}", body, headers={})
    assert status == 200
    return answer


def text(words: str, **more: str) -> Json:
    return {"msg_type": "text", "content": {"text": words}, **more}


async def test_a_group_robot_posts_to_all(world: World) -> None:
    assert (await posted(world, HOOK, text("今日业绩")))["StatusMessage"] == "success"
    card = claim_card(title="业绩")
    assert (await posted(world, HOOK, {"msg_type": "interactive", "card": card}))["code"] == 0
    kinds = [(one.user, one.kind) for one in world.desk.bubbles.values()]
    assert sorted(kinds) == sorted(
        (user, kind) for user in ("ou_rep", "ou_boss") for kind in ("text", "interactive")
    )


@pytest.mark.parametrize(
    ("hook", "body", "code"),
    [
        ("gone", text("业绩"), 19001),
        (HOOK, text("早上好"), 19024),
        (HOOK, {"msg_type": "text", "content": '{"text": "业绩"}'}, 9499),
        (HOOK, {"msg_type": "audio", "content": {"file_key": "业绩"}}, 9499),
        (HOOK, text("业绩" * 7000), 9499),
        (SIGNED, text("好"), 19021),
        (SIGNED, text("好", timestamp="1772413200", sign="wrong"), 19021),
        (SIGNED, text("好", timestamp="1772400000", sign=signature("1772400000", "s3cr3t")), 19021),
    ],
)
async def test_a_post_that_is_refused(world: World, hook: str, body: Json, code: int) -> None:
    assert (await posted(world, hook, body))["code"] == code
    assert world.desk.bubbles == {}


async def test_a_signed_post_and_the_frequency(world: World) -> None:
    signed = text("好", timestamp="1772413200", sign=signature("1772413200", "s3cr3t"))
    codes = [(await posted(world, SIGNED, signed))["code"] for _ in range(6)]
    assert codes == [0] * 5 + [11232]
    world.wait(seconds=1)
    assert (await posted(world, SIGNED, signed))["code"] == 0


@pytest.mark.parametrize(
    ("timestamp", "secret", "sign"),
    [
        ("1599360473", "demo", "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="),
        ("1700000000", "s3cr3t", "CNNNRL0wSY2j+cKcY98lQAfVvb21u/iW3phZyXRkmcY="),
    ],
)
def test_the_published_signatures(timestamp: str, secret: str, sign: str) -> None:
    assert signature(timestamp, secret) == sign


async def test_an_urgent_message_rings(world: World) -> None:
    sent = await world.sent(claim_card())
    path = f"/open-apis/im/v1/messages/{sent}/urgent_app?user_id_type=open_id"
    _, answer = await world.call("PATCH", path, {"user_id_list": ["ou_rep", "ou_boss"]})
    assert answer["data"]["invalid_user_id_list"] == ["ou_boss"]
    assert world.bubble(sent).toast == "加急"
