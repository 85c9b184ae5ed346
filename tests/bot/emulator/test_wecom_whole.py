"""The emulated WeCom beyond messages: directory, groups, robots, 微信客服, every inbound kind."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from wechatpy.enterprise.crypto import WeChatCrypto

from tests.bot.emulator.stage import Came
from tests.bot.emulator.wecom_stage import (
    AES_KEY,
    CORP,
    PNG,
    TOKEN,
    Stage,
    opened,
    opened_stage,
)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with opened_stage() as stage:
        yield stage


def facts(stage: Stage) -> dict[str, str]:
    (came,) = stage.momentum.came
    return {child.tag: child.text or "" for child in opened(came)}


# ---- what comes in


@pytest.mark.parametrize("kind", ["image", "voice", "video", "file"])
async def test_a_file_can_be_fetched_for_three_days(stage: Stage, kind: str) -> None:
    await stage.side.send_file("zhangsan", kind, "报价.xlsx", PNG)
    found = facts(stage)
    assert (found["MsgType"], found["FromUserName"]) == (kind, "zhangsan")
    query = {"access_token": stage.token, "media_id": found["MediaId"]}
    async with stage.api.get("/cgi-bin/media/get", params=query) as answer:
        assert await answer.read() == PNG
    stage.clock.advance(days=3)
    await stage.fetch_token()
    assert (await stage.get("media/get", media_id=found["MediaId"]))["errcode"] == 40007


async def test_a_place_and_a_link(stage: Stage) -> None:
    await stage.side.send_place("zhangsan", 31.2304, 121.4737, "人民广场")
    found = facts(stage)
    assert (found["MsgType"], found["Location_X"], found["Label"]) == (
        "location",
        "31.230400",
        "人民广场",
    )
    stage.momentum.came.clear()
    await stage.side.send_link("zhangsan", "标题", "说明", "https://a.example/1")
    assert facts(stage)["Url"] == "https://a.example/1"


async def test_nobody_sends_nothing_unknown(stage: Stage) -> None:
    with pytest.raises(LookupError):
        await stage.side.send_file("nobody", "image", "a.png", PNG)
    with pytest.raises(LookupError):
        await stage.side.send_file("zhangsan", "poem", "a", PNG)
    assert stage.momentum.came == []


@pytest.mark.parametrize(
    ("event", "change", "given"),
    [
        ("change_contact", "delete_user", {"UserID": "zhangsan"}),
        ("change_contact", "create_party", {"Id": 7, "Name": "华东"}),
        ("change_external_contact", "add_external_contact", {"ExternalUserID": "wm1"}),
    ],
)
async def test_the_corp_changes(
    stage: Stage, event: str, change: str, given: dict[str, Any]
) -> None:
    await stage.side.change(event, change, **given)
    found = facts(stage)
    assert (found["FromUserName"], found["Event"], found["ChangeType"]) == ("sys", event, change)
    assert {name: found[name] for name in given} == {k: str(v) for k, v in given.items()}
    assert "AgentID" not in found


def echo(came: Came) -> web.Response:
    sealed = f"<xml><Encrypt><![CDATA[{came.query['echostr']}]]></Encrypt></xml>"
    plain = WeChatCrypto(TOKEN, AES_KEY, CORP).decrypt_message(
        sealed, came.query["msg_signature"], came.query["timestamp"], came.query["nonce"]
    )
    return web.Response(text=plain if isinstance(plain, str) else plain.decode())


@pytest.mark.parametrize(
    ("reply", "is_right"),
    [
        (echo, True),
        (lambda came: web.Response(text=f'"{echo(came).text}"'), False),
        (lambda _: web.Response(status=403), False),
    ],
)
async def test_the_console_checks_the_address(stage: Stage, reply: Any, is_right: bool) -> None:
    stage.momentum.replies = [reply]
    assert await stage.side.check_address() is is_right
    assert stage.callbacks[0].method == "GET"


# ---- refusals


@pytest.mark.parametrize("code", [60020, 81013])
async def test_refusals_are_switched_on_and_off(stage: Stage, code: int) -> None:
    stage.side.refusals["message/send"] = code
    assert (await stage.send("text", {"content": "x"}))["errcode"] == code
    del stage.side.refusals["message/send"]
    assert (await stage.send("text", {"content": "x"}))["errcode"] == 0


async def test_each_api_has_its_minute() -> None:
    async with opened_stage(per_minute=2) as stage:
        codes = [(await stage.get("user/get", userid="lisi"))["errcode"] for _ in range(3)]
        assert codes == [0, 0, 45009]
        assert (await stage.get("department/list"))["errcode"] == 0
        assert (await stage.send("text", {"content": "x"}))["errcode"] == 0
        stage.clock.advance(seconds=60)
        assert (await stage.get("user/get", userid="lisi"))["errcode"] == 0


# ---- the directory


async def test_who_is_there(stage: Stage) -> None:
    brief = {"userid": "LiSi", "name": "LiSi", "department": [2]}
    found = await stage.get("user/get", userid="lisi")
    assert found.items() >= {**brief, "position": "销售", "status": 1}.items()
    assert "mobile" not in found
    assert (await stage.get("user/get", userid="x"))["errcode"] == 60111
    direct = await stage.get("user/simplelist", department_id="1")
    below = await stage.get("user/simplelist", department_id="1", fetch_child="1")
    assert (direct["userlist"], below["userlist"][1]) == ([], brief)
    assert (await stage.get("user/simplelist", department_id="9"))["errcode"] == 60003


async def test_departments(stage: Stage) -> None:
    tree = (await stage.get("department/simplelist"))["department_id"]
    assert [(one["id"], one["parentid"]) for one in tree] == [(1, 0), (2, 1)]
    names = (await stage.get("department/list", id="2"))["department"]
    assert [one["name"] for one in names] == ["销售部"]


async def test_ids_come_in_pages(stage: Stage) -> None:
    first = await stage.post("user/list_id", {"limit": 1})
    second = await stage.post("user/list_id", {"limit": 1, "cursor": first["next_cursor"]})
    assert first["dept_user"] == [{"userid": "zhangsan", "department": 2}]
    assert second["dept_user"][0]["userid"] == "LiSi"
    assert second["next_cursor"] == ""
    for bad in ({"limit": 0}, {"limit": True}, {"cursor": "x"}):
        assert (await stage.post("user/list_id", bad))["errcode"] == 40058


# ---- groups of the app


async def test_a_chat_that_the_app_makes(stage: Stage) -> None:
    made = {"name": "华东", "userlist": ["zhangsan", "LiSi"], "chatid": "east1"}
    assert (await stage.post("appchat/create", made))["chatid"] == "east1"
    assert (await stage.post("appchat/create", made))["errcode"] == 86101
    assert (await stage.get("appchat/get", chatid="east1"))["chat_info"]["owner"] == "zhangsan"
    said = {"chatid": "east1", "msgtype": "text", "text": {"content": "开会"}}
    assert (await stage.post("appchat/send", said))["errcode"] == 0
    assert [b.body["content"] for b in stage.bubbles("LiSi")] == ["开会"]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("create", {"userlist": ["zhangsan"]}, 40058),
        ("create", {"userlist": ["zhangsan", "nobody"]}, 40003),
        ("create", {"userlist": ["zhangsan", "LiSi"], "chatid": "a-b"}, 40058),
        ("create", {"userlist": ["zhangsan", "LiSi"], "name": "长" * 51}, 40058),
        ("send", {"chatid": "gone", "msgtype": "text", "text": {"content": "x"}}, 86003),
        ("send", {"chatid": "c", "msgtype": "template_card", "template_card": {}}, 40008),
        ("send", {"chatid": "c", "msgtype": "text", "text": {"content": "汉" * 683}}, 45002),
        ("send", {"chatid": "c", "msgtype": "image", "image": {"media_id": "gone"}}, 40007),
    ],
)
async def test_what_a_chat_refuses(
    stage: Stage, path: str, body: dict[str, Any], code: int
) -> None:
    await stage.post("appchat/create", {"userlist": ["zhangsan", "LiSi"], "chatid": "c"})
    assert (await stage.post(f"appchat/{path}", body))["errcode"] == code
    assert stage.bubbles() == []


# ---- group robots


def picture(raw: bytes, digest: str = "") -> dict[str, Any]:
    md5 = digest or hashlib.md5(raw, usedforsecurity=False).hexdigest()
    return {"msgtype": "image", "image": {"base64": base64.b64encode(raw).decode(), "md5": md5}}


BUTTONS = {
    "card_type": "button_interaction",
    "main_title": {"title": "x"},
    "button_list": [{"text": "好", "key": "k"}],
    "task_id": "t",
}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "text", "text": {"content": "x", "mentioned_list": ["@all"]}}, 0),
        ({"msgtype": "text", "text": {"content": "汉" * 683}}, 40058),
        ({"msgtype": "markdown", "markdown": {"content": "x" * 4096}}, 0),
        ({"msgtype": "markdown", "markdown": {"content": "x" * 4097}}, 40058),
        ({"msgtype": "markdown_v2", "markdown_v2": {"content": "| a |"}}, 0),
        (picture(PNG), 0),
        (picture(PNG, "0" * 32), 40058),
        (picture(b"no image at all"), 40123),
        (picture(PNG + bytes(2 << 20)), 40009),
        ({"msgtype": "news", "news": {"articles": [{"title": "t", "url": "https://a"}]}}, 0),
        ({"msgtype": "template_card", "template_card": BUTTONS}, 40058),
        ({"msgtype": "file", "file": {"media_id": "gone"}}, 40007),
        ({"msgtype": "poem", "poem": {}}, 40008),
    ],
)
async def test_what_a_group_robot_takes(stage: Stage, body: dict[str, Any], code: int) -> None:
    assert await stage.robot(body) == code
    assert len(stage.bubbles("LiSi")) == (code == 0)


async def test_a_group_robot_that_is_gone_or_too_busy(stage: Stage) -> None:
    text = {"msgtype": "text", "text": {"content": "x"}}
    assert await stage.robot(text, "gone") == 93000
    assert [await stage.robot(text) for _ in range(21)] == [0] * 20 + [45009]
    assert await stage.robot(text, "key-2") == 0
    stage.clock.advance(seconds=60)
    assert await stage.robot(text) == 0


async def test_a_file_belongs_to_its_webhook(stage: Stage) -> None:
    media_id = (await stage.upload("file", PNG, "webhook/upload_media", key="key-1"))["media_id"]
    body = {"msgtype": "file", "file": {"media_id": media_id}}
    assert await stage.robot(body, "key-2") == 40007
    assert await stage.robot(body) == 0
    refused = await stage.upload("image", PNG, "webhook/upload_media", key="key-1")
    assert refused["errcode"] == 40004


# ---- 微信客服


async def test_a_customer_writes_and_is_answered(stage: Stage) -> None:
    await stage.side.customer_writes("wk01", "wm1", "有现货吗")
    found = facts(stage)
    assert (found["Event"], found["OpenKfId"]) == ("kf_msg_or_event", "wk01")
    assert "FromUserName" not in found
    asked = {"open_kfid": "wk01", "token": found["Token"]}
    pulled = await stage.post("kf/sync_msg", asked)
    (message,) = pulled["msg_list"]
    assert (message["text"], message["external_userid"]) == ({"content": "有现货吗"}, "wm1")
    again = await stage.post("kf/sync_msg", {**asked, "cursor": pulled["next_cursor"]})
    assert (again["msg_list"], again["has_more"]) == ([], 0)
    answer = {"touser": "wm1", "open_kfid": "wk01", "msgtype": "text", "text": {"content": "有"}}
    codes = [(await stage.post("kf/send_msg", answer))["errcode"] for _ in range(6)]
    assert codes == [0] * 5 + [95013]
    assert len(stage.side.service.talks["wk01", "wm1"].answers) == 5


async def test_what_service_refuses(stage: Stage) -> None:
    await stage.side.customer_writes("wk01", "wm1", "在吗")
    token = facts(stage)["Token"]
    assert (await stage.post("kf/sync_msg", {"open_kfid": "x"}))["errcode"] == 95000
    stage.clock.advance(minutes=10)
    late = {"open_kfid": "wk01", "token": token}
    assert (await stage.post("kf/sync_msg", late))["errcode"] == 95007
    stage.clock.advance(hours=48)
    await stage.fetch_token()
    answer = {"touser": "wm1", "open_kfid": "wk01", "msgtype": "text", "text": {"content": "在"}}
    assert (await stage.post("kf/send_msg", answer))["errcode"] == 95013
    with pytest.raises(LookupError):
        await stage.side.customer_writes("wk99", "wm1", "在吗")
