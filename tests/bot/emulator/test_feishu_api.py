"""Feishu's server API: tokens, messages, cards, pictures, and what it refuses."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.emulator.desk import Json
from tests.bot.emulator.feishu_world import (
    APP,
    GROUP,
    MESSAGES,
    PNG,
    SECRET,
    World,
    claim_card,
    opened_world,
)

TOKEN_PATH = "/open-apis/auth/v3/tenant_access_token/internal"
UPDATE_PATH = "/open-apis/interactive/v1/card/update"
CLAIM: Json = {"value": {"command": "领取 17"}}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with opened_world() as world:
        yield world


async def test_a_token_is_top_level_and_lasts_two_hours(world: World) -> None:
    asked = {"app_id": APP, "app_secret": SECRET}
    status, answer = await world.call("POST", TOKEN_PATH, asked)
    assert (status, answer["code"], answer["expire"]) == (200, 0, 7200)
    assert answer["tenant_access_token"] == world.token
    world.wait(minutes=91)
    _, newer = await world.call("POST", TOKEN_PATH, asked)
    assert newer["tenant_access_token"] != world.token
    await world.sent({"text": "old one still valid"}, "text")
    world.wait(minutes=30)
    assert (await world.send({"text": "x"}, "text"))[1]["code"] == 99991663


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"app_id": APP, "app_secret": "wrong"}, 10014),
        ({"app_id": "cli_other", "app_secret": SECRET}, 10003),
        ({"app_id": APP}, 10003),
    ],
)
async def test_wrong_credentials(world: World, asked: Json, code: int) -> None:
    assert (await world.call("POST", TOKEN_PATH, asked))[1]["code"] == code


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({}, 99991661),
        ({"Authorization": "Bearer x"}, 99991671),
        ({"Authorization": "t-123"}, 99991661),
        ({"Authorization": "Basic t-123"}, 99991671),
        ({"Authorization": "Bearer t-123"}, 99991663),
    ],
)
async def test_a_call_without_a_good_token(world: World, header: Json, code: int) -> None:
    status, answer = await world.call("GET", "/open-apis/bot/v3/info", headers=header)
    assert (status, answer["code"]) == (400, code)
    assert answer["error"]["log_id"] == world.headers["X-Tt-Logid"]


async def test_the_bot_knows_itself(world: World) -> None:
    _, answer = await world.call("GET", "/open-apis/bot/v3/info")
    assert answer["bot"]["open_id"].startswith("ou_")
    assert answer["bot"]["activate_status"] == 2


async def test_messages_of_each_kind_reach_the_phone(world: World) -> None:
    _, answer = await world.uploaded()
    key = answer["data"]["image_key"]
    post = {"zh_cn": {"title": "周报", "content": [[{"tag": "text", "text": "好"}]]}}
    for kind, content in (
        ("text", {"text": "你好"}),
        ("post", post),
        ("interactive", claim_card()),
    ):
        shown = world.bubble(await world.sent(content, kind))
        assert (shown.user, shown.mine, shown.kind, shown.body) == ("ou_rep", False, kind, content)
    shown = world.bubble(await world.sent({"image_key": key}, "image"))
    assert shown.body == {"image_key": key, "media": key}
    assert world.desk.media[key] == ("image/png", PNG)


@pytest.mark.parametrize(
    ("to", "id_type", "code"),
    [
        ("ou_ghost", "open_id", 230013),
        ("on_ghost", "union_id", 230013),
        ("rep@example.com", "email", 230013),
        ("17", "open_id", 230001),
        ("", "open_id", 230001),
        ("oc_ghost", "chat_id", 230002),
        ("ou_rep", "phone", 230001),
    ],
)
async def test_unknown_receivers(world: World, to: str, id_type: str, code: int) -> None:
    status, answer = await world.send({"text": "x"}, "text", to=to, id_type=id_type)
    assert (status, answer["code"]) == (400, code)
    assert world.desk.bubbles == {}


async def test_receivers_by_every_id(world: World) -> None:
    first = (await world.send({"text": "1"}, "text"))[1]["data"]
    await world.sent({"text": "2"}, "text", to="on_rep", id_type="union_id")
    await world.sent({"text": "3"}, "text", to=first["chat_id"], id_type="chat_id")
    group = await world.sent({"text": "4"}, "text", to=GROUP, id_type="chat_id")
    assert [one.user for one in world.desk.bubbles.values()] == ["ou_rep"] * 4 + ["ou_boss"]
    assert world.bubble(f"{group}:ou_boss").body == {"text": "4"}


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("text", {"text": ""}, 230001),
        ("text", {"text": "x", "title": "y"}, 230001),
        ("text", "no json", 230001),
        ("text", "[]", 230001),
        ("text", {"text": "好" * 52_000}, 230025),
        ("post", {"title": "", "content": []}, 230001),
        ("post", {"zh_cn": {"content": [[{"tag": "button"}]]}}, 230001),
        ("post", {"zh_cn": {"content": [[{"tag": "text", "text": "好" * 10_240}]]}}, 230025),
        ("image", {"image_key": "img_other"}, 230001),
        ("sticker", {"file_key": "x"}, 230001),
        ("interactive", {"elements": []}, 230099),
        ("interactive", "no json", 230099),
        ("interactive", claim_card({"tag": "markdown", "content": "好" * 10_240}), 230025),
        ("interactive", {"type": "template", "data": {"template_id": "AAq"}}, 230099),
        ("interactive", {"type": "card", "data": {"card_id": "7"}}, 230099),
    ],
)
async def test_bad_contents(world: World, kind: str, content: Any, code: int) -> None:
    status, answer = await world.send(content, kind)
    assert (status, answer["code"]) == (400, code)


async def test_content_must_be_a_string(world: World) -> None:
    body = {"receive_id": "ou_rep", "msg_type": "text", "content": {"text": "x"}}
    _, answer = await world.call("POST", f"{MESSAGES}?receive_id_type=open_id", body)
    assert answer["code"] == 230001
    _, answer = await world.call("POST", f"{MESSAGES}?receive_id_type=open_id", [])
    assert answer["code"] == 230001


async def test_a_bad_card_names_its_sub_code(world: World) -> None:
    _, answer = await world.send(claim_card({"tag": "note", "elements": []}))
    assert answer["code"] == 230099
    assert "ErrCode: 200861;" in answer["msg"]
    assert "body -> elements -> [2]" in answer["msg"]


async def test_the_same_uuid_sends_once_within_an_hour(world: World) -> None:
    first = await world.sent({"text": "x"}, "text", uuid="lead-17")
    assert await world.sent({"text": "x"}, "text", uuid="lead-17") == first
    other = await world.sent({"text": "x"}, "text", uuid="lead-17", to="ou_boss")
    assert other != first
    world.wait(minutes=61)
    assert await world.sent({"text": "x"}, "text", uuid="lead-17") != first
    assert len(world.desk.bubbles) == 3
    assert (await world.send({"text": "x"}, "text", uuid="x" * 51))[1]["code"] == 230001
    await world.sent({"text": "x"}, "text", uuid="x" * 50)


async def test_five_messages_a_second_to_one_person(world: World) -> None:
    for _ in range(5):
        await world.sent({"text": "x"}, "text")
    status, answer = await world.send({"text": "x"}, "text")
    assert (status, answer["code"]) == (400, 230020)
    await world.sent({"text": "x"}, "text", to="ou_boss")
    world.wait(seconds=1)
    await world.sent({"text": "x"}, "text")


async def test_fifty_calls_a_second_to_one_api(world: World) -> None:
    for _ in range(50):
        await world.call("GET", "/open-apis/bot/v3/info")
    status, answer = await world.call("GET", "/open-apis/bot/v3/info")
    assert (status, answer["code"]) == (429, 99991400)
    assert world.headers["x-ogw-ratelimit-reset"] == "1"
    await world.sent({"text": "x"}, "text")


async def patched(world: World, message: str, card: Any) -> int:
    body = {"content": json.dumps(card) if isinstance(card, dict) else card}
    _, answer = await world.call("PATCH", f"{MESSAGES}/{message}", body)
    return int(answer["code"])


async def test_a_card_is_patched_for_all_viewers(world: World) -> None:
    message = await world.sent(claim_card(), to=GROUP, id_type="chat_id")
    new = claim_card(title="已转交")
    assert await patched(world, message, new) == 0
    for user in ("ou_rep", "ou_boss"):
        shown = world.bubble(f"{message}:{user}")
        assert (shown.body, shown.version) == (new, 2)


async def test_what_cannot_be_patched(world: World) -> None:
    message = await world.sent(claim_card())
    text = await world.sent({"text": "x"}, "text")
    implicit = claim_card() | {"config": {}}
    assert await patched(world, "om_ghost", claim_card()) == 230001
    assert await patched(world, text, claim_card()) == 230054
    assert await patched(world, message, implicit) == 230001
    assert await patched(world, message, 1) == 230001
    assert await patched(world, message, {"schema": "2.0"}) == 230099
    world.wait(days=14)
    await world.fetch_token()
    assert await patched(world, message, claim_card()) == 0
    world.wait(seconds=1)
    assert await patched(world, message, claim_card()) == 230031


async def test_five_patches_a_second_to_one_message(world: World) -> None:
    message, other = await world.sent(claim_card()), await world.sent(claim_card())
    codes = [await patched(world, message, claim_card()) for _ in range(6)]
    assert codes == [0] * 5 + [230020]
    assert await patched(world, other, claim_card()) == 0


async def test_recall_and_read(world: World) -> None:
    message = await world.sent(claim_card())
    path = f"{MESSAGES}/{message}"
    _, answer = await world.call("GET", path)
    read = json.loads(answer["data"]["items"][0]["body"]["content"])
    assert read["title"] == "线索 17"
    assert [line[0]["text"] for line in read["elements"]] == ["**新线索**", "领取"]
    _, answer = await world.call("GET", f"{path}?card_msg_content_type=user_card_content")
    assert json.loads(answer["data"]["items"][0]["body"]["content"]) == claim_card()
    assert (await world.call("DELETE", path))[1]["code"] == 0
    assert world.bubble(message).greyed == "消息已撤回"
    assert (await world.call("DELETE", path))[1]["code"] == 230011
    assert await patched(world, message, claim_card()) == 230011
    assert (await world.call("GET", path))[1]["data"]["items"][0]["deleted"] is True
    assert await world.side.press("ou_rep", message, CLAIM, {}) == "消息已撤回"


async def test_what_a_person_wrote_is_not_the_apps(world: World) -> None:
    await world.side.say("ou_rep", "你好")
    message = next(iter(world.desk.bubbles))
    assert (await world.call("DELETE", f"{MESSAGES}/{message}"))[1]["code"] == 230012
    _, answer = await world.call("GET", f"{MESSAGES}/{message}")
    assert answer["data"]["items"][0]["sender"]["id"] == "ou_rep"
    body = {"msg_type": "text", "content": '{"text": "收到"}'}
    _, answer = await world.call("POST", f"{MESSAGES}/{message}/reply", body)
    assert world.bubble(answer["data"]["message_id"]).user == "ou_rep"


@pytest.mark.parametrize(
    ("data", "fields", "code"),
    [
        (b"", {}, 234010),
        (b"GIF is not this", {}, 234011),
        (b"<svg/>", {}, 234011),
        (PNG[:16] + b"\x00\x00\x2e\xe1\x00\x00\x00\x09", {}, 234039),
        (PNG[:8], {}, 234039),
        (PNG, {"image_type": "sticker"}, 234001),
    ],
)
async def test_bad_pictures(world: World, data: bytes, fields: dict[str, str], code: int) -> None:
    status, answer = await world.uploaded(data, **fields)
    assert (status, answer["code"]) == (400, code)


async def test_a_picture_of_more_than_10_megabytes(world: World) -> None:
    status, answer = await world.uploaded(PNG + bytes(10 << 20))
    assert (status, answer["code"]) == (400, 234006)


@pytest.mark.parametrize("data", [PNG, b"\xff\xd8\xff\xe0rest", b"RIFF\x00\x00\x00\x00WEBPVP8 "])
async def test_good_pictures(world: World, data: bytes) -> None:
    status, answer = await world.uploaded(data)
    assert status == 200
    picture = {
        "tag": "img",
        "img_key": answer["data"]["image_key"],
        "alt": {"tag": "plain_text", "content": "图"},
    }
    await world.sent(claim_card(picture))
    assert "ErrCode: 200570" in (await world.send(claim_card(picture | {"img_key": "x"})))[1]["msg"]


async def pressed(world: World) -> tuple[str, str]:
    """A message that was pressed, and the token of the press."""
    message = await world.sent(claim_card())
    await world.side.press("ou_rep", message, CLAIM, {})
    return message, world.opened()["event"]["token"]


async def updated(world: World, token: str, card: Any) -> int:
    _, answer = await world.call("POST", UPDATE_PATH, {"token": token, "card": card})
    return int(answer["code"])


async def test_a_press_token_updates_twice(world: World) -> None:
    message, token = await pressed(world)
    assert await updated(world, token, {"schema": "2.0"}) == 10002
    assert await updated(world, token, claim_card(title="一")) == 0
    assert await updated(world, token, {"type": "raw", "data": claim_card(title="二")}) == 0
    assert await updated(world, token, claim_card(title="三")) == 300040
    assert world.bubble(message).body == claim_card(title="二")
    assert world.bubble(message).version == 3


async def test_a_press_token_dies_after_30_minutes(world: World) -> None:
    _, token = await pressed(world)
    world.wait(minutes=30)
    assert await updated(world, token, claim_card()) == 0
    world.wait(seconds=1)
    assert await updated(world, token, claim_card()) == 300030
    assert await updated(world, "c-ghost", claim_card()) == 300020


async def test_a_press_token_of_a_recalled_message(world: World) -> None:
    message, token = await pressed(world)
    await world.call("DELETE", f"{MESSAGES}/{message}")
    assert await updated(world, token, claim_card()) == 200000


async def test_a_press_token_before_the_answer(world: World) -> None:
    codes: list[int] = []

    async def eager(_: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
        codes.append(await updated(world, world.opened()["event"]["token"], claim_card()))
        return aiohttp.web.json_response({})

    world.answering = eager
    await pressed(world)
    assert codes == [300090]


async def test_urgent(world: World) -> None:
    message = await world.sent(claim_card())
    path = f"{MESSAGES}/{message}/urgent_app"
    people = {"user_id_list": ["ou_rep", "ou_boss"]}
    _, answer = await world.call("PATCH", f"{path}?user_id_type=open_id", people)
    assert answer["data"] == {"invalid_user_id_list": ["ou_boss"]}
    assert world.bubble(message).toast == "加急"
    nobody: list[Json] = [{}, {"user_id_list": []}, {"user_id_list": ["x"] * 201}]
    for body in nobody:
        assert (await world.call("PATCH", path, body))[1]["code"] == 230001
    assert (await world.call("PATCH", f"{path}?user_id_type=email", people))[1]["code"] == 230001


async def test_told_to_throttle(world: World) -> None:
    world.faults.throttled = 1
    status, answer = await world.send({"text": "x"}, "text")
    assert (status, answer["code"]) == (429, 99991400)
    assert world.headers["x-ogw-ratelimit-reset"] == "1"


async def test_told_to_fail(world: World) -> None:
    world.faults.failing = 1
    status, answer = await world.send({"text": "x"}, "text")
    assert status >= 500
    assert "code" not in answer
    assert world.desk.bubbles == {}


async def test_told_to_be_slow(world: World) -> None:
    world.faults.slow_seconds = 7
    await world.sent({"text": "x"}, "text")
    assert world.slept == [7]


async def test_told_to_lose_the_answer(world: World) -> None:
    world.faults.lost = 1
    with pytest.raises(aiohttp.ClientError):
        await world.send({"text": "x"}, "text", uuid="u")
    world.faults.lost = 0
    await world.sent({"text": "x"}, "text", uuid="u")
    assert len(world.desk.bubbles) == 1


async def test_told_to_revoke_tokens(world: World) -> None:
    world.faults.revoked = True
    old = world.token
    assert (await world.send({"text": "x"}, "text"))[1]["code"] == 99991663
    assert await world.fetch_token() != old
    await world.sent({"text": "x"}, "text")
