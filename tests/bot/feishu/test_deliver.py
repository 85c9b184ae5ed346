from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.adapter import (
    Address,
    CannotReplaceError,
    Delivery,
    TransientError,
    UndeliverableError,
)
from bot.feishu import courier
from bot.feishu.adapter import FeishuAdapter
from cards.card import Card, Picture
from cards.drawing import Drawing
from config.settings import Feishu
from tests.bot.feishu import cards
from tests.bot.feishu.rules import check

PNG = b"\x89PNG\r\n\x1a\n-drawn"
OK = {"code": 0, "msg": "ok"}
Script = tuple[int, dict[str, Any], dict[str, str]]
RESET: Script = (0, {}, {})


@dataclass
class Platform:
    """The API as far as we use it; `script` holds the answers that differ from success."""

    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    script: dict[str, list[Script]] = field(default_factory=dict)
    tokens: int = 0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        name = f"{request.method} {request.path.removeprefix('/open-apis')}"
        kind = f"{request.method} {name.split('/')[-1 if 'token' not in name else -2]}"
        if request.method == "PATCH":
            kind = "PATCH"
        self.calls.append((name, request.query_string, await _body(request)))
        scripted = self.script.get(kind, [])
        if scripted:
            status, body, headers = scripted.pop(0)
            if not status:
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            return web.json_response(body, status=status, headers=headers)
        if "token" in name:
            self.tokens += 1
            return web.json_response(
                {**OK, "tenant_access_token": f"t-{self.tokens}", "expire": 7200}
            )
        assert request.headers["Authorization"] == f"Bearer t-{self.tokens}"
        if kind == "POST images":
            return web.json_response({**OK, "data": {"image_key": "img_v3_1"}})
        return web.json_response({**OK, "data": {"message_id": "om_new"}})

    def sent(self, name: str = "POST /im/v1/messages") -> list[Any]:
        return [body for call, _, body in self.calls if call == name]


async def _body(request: web.Request) -> Any:
    if request.content_type != "multipart/form-data":
        return await request.json()
    form = await request.post()
    image = form["image"]
    assert isinstance(image, web.FileField)
    return {
        "image_type": form["image_type"],
        "type": image.content_type,
        "image": image.file.read(),
    }


@pytest.fixture
async def platform() -> Platform:
    return Platform()


@pytest.fixture
async def feishu(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FeishuAdapter]:
    async def drawn(drawing: Drawing) -> bytes:
        assert drawing == cards.ROSTER
        return PNG

    monkeypatch.setattr(courier, "png", drawn)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", platform.serve)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        settings = Feishu("cli_r", "secret", "vt", "ek", str(server.make_url("")).rstrip("/"))
        yield FeishuAdapter(settings, app="main", tenant="acme", session=lambda: session)


def delivery(card: Card = cards.DECISION, **changes: Any) -> Delivery:
    return replace(Delivery("fuse-17-v3", Address(person="ou_lina"), card), **changes)


def refusal(code: int, status: int = 400, headers: dict[str, str] | None = None) -> Script:
    return status, {"code": code, "msg": "…"}, headers or {}


async def test_a_card_goes_to_a_person_under_its_key(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    receipt = await feishu.deliver(delivery())
    assert receipt.handle == {"message": "om_new"}
    _, query, body = platform.calls[-1]
    assert query == "receive_id_type=open_id"
    assert set(body) == {"receive_id", "msg_type", "content", "uuid"}
    assert (body["receive_id"], body["msg_type"]) == ("ou_lina", "interactive")
    assert body["uuid"] == "fuse-17-v3"
    check(json.loads(body["content"]))
    assert platform.calls[0][2] == {"app_id": "cli_r", "app_secret": "secret"}


@pytest.mark.parametrize(
    ("to", "id_type", "receiver"),
    [
        (Address(chat="oc_1"), "chat_id", "oc_1"),
        (Address(person="ou_1", chat="oc_1"), "chat_id", "oc_1"),
        (Address(person="on_1"), "union_id", "on_1"),
    ],
)
async def test_a_group_and_a_union_id_are_addressed_as_such(
    feishu: FeishuAdapter, platform: Platform, to: Address, id_type: str, receiver: str
) -> None:
    await feishu.deliver(delivery(to=to))
    _, query, body = platform.calls[-1]
    assert (query, body["receive_id"]) == (f"receive_id_type={id_type}", receiver)


async def test_only_a_persons_own_card_is_marked_private(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    await feishu.deliver(delivery())
    await feishu.deliver(delivery(to=Address(chat="oc_1")))
    assert ['"chat":"p2p"' in body["content"] for body in platform.sent()] == [True, False]


async def test_nobody_is_no_address(feishu: FeishuAdapter) -> None:
    with pytest.raises(UndeliverableError) as fault:
        await feishu.deliver(delivery(to=Address()))
    assert fault.value.code == "address"


async def test_a_sentence_is_a_text_message_and_cannot_be_replaced(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    receipt = await feishu.deliver(delivery(cards.SENTENCE))
    body = platform.sent()[0]
    assert (body["msg_type"], body["uuid"]) == ("text", "fuse-17-v3")
    assert json.loads(body["content"])["text"].startswith("线索 17 已由李娜领取 ＜at")
    with pytest.raises(CannotReplaceError):
        await feishu.deliver(delivery(handle=receipt.handle))


async def test_a_picture_is_uploaded_and_its_key_put_in_place(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    await feishu.deliver(delivery(cards.FULL))
    assert platform.sent("POST /im/v1/images") == [
        {"image_type": "message", "type": "image/png", "image": PNG}
    ]
    content = platform.sent()[0]["content"]
    assert '"img_key":"img_v3_1"' in content
    assert "picture:" not in content


async def test_a_picture_already_uploaded_is_not_uploaded_again(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    platform.script["POST messages"] = [refusal(230020)]
    with pytest.raises(TransientError) as fault:
        await feishu.deliver(delivery(cards.FULL))
    assert fault.value.done == {"image0": "img_v3_1"}
    await feishu.deliver(delivery(cards.FULL, done=fault.value.done))
    assert len(platform.sent("POST /im/v1/images")) == 1


async def test_a_refused_picture_leaves_its_name(feishu: FeishuAdapter, platform: Platform) -> None:
    platform.script["POST images"] = [refusal(234011)]
    await feishu.deliver(delivery(Card("班表", (Picture("本周班表", cards.ROSTER),))))
    card = json.loads(platform.sent()[0]["content"])
    check(card)
    assert card["body"]["elements"][0]["text"]["content"] == "〔图：本周班表〕"


async def test_a_sent_card_is_changed_in_place(feishu: FeishuAdapter, platform: Platform) -> None:
    receipt = await feishu.deliver(delivery(cards.FULL, handle={"message": "om_9"}))
    assert receipt.handle == {"message": "om_9"}
    name, _, body = platform.calls[-1]
    assert name == "PATCH /im/v1/messages/om_9"
    assert set(body) == {"content"}
    check(json.loads(body["content"]))


async def test_even_a_sentence_replaces_a_card(feishu: FeishuAdapter, platform: Platform) -> None:
    await feishu.deliver(delivery(cards.SENTENCE, handle={"message": "om_9"}))
    check(json.loads(platform.calls[-1][2]["content"]))


@pytest.mark.parametrize("code", [230031, 230011, 230110, 230054, 230099, 230001])
async def test_a_card_too_old_or_gone_is_not_replaced(
    feishu: FeishuAdapter, platform: Platform, code: int
) -> None:
    platform.script["PATCH"] = [refusal(code)]
    with pytest.raises(CannotReplaceError):
        await feishu.deliver(delivery(handle={"message": "om_9"}))


@pytest.mark.parametrize("code", [99991663, 99991661, 99991671])
async def test_a_refused_token_is_fetched_again_once(
    feishu: FeishuAdapter, platform: Platform, code: int
) -> None:
    platform.script["POST messages"] = [refusal(code)]
    await feishu.deliver(delivery())
    assert platform.tokens == 2
    assert len(platform.sent()) == 2
    platform.script["POST messages"] = [refusal(code), refusal(code)]
    with pytest.raises(TransientError):
        await feishu.deliver(delivery())
    assert platform.tokens == 3


async def test_one_token_serves_many(feishu: FeishuAdapter, platform: Platform) -> None:
    await feishu.deliver(delivery())
    await feishu.deliver(delivery())
    assert platform.tokens == 1


@pytest.mark.parametrize(
    ("scripted", "after"),
    [
        (refusal(99991400, 429, {"x-ogw-ratelimit-reset": "7"}), 7.0),
        (refusal(99991400), 1.0),
        (refusal(230020), 1.0),
        (refusal(11232, 400, {"x-ogw-ratelimit-reset": "soon"}), 1.0),
        (refusal(-1, 429, {"retry-after": "3"}), 3.0),
        (refusal(230049), None),
        (refusal(12345, 503), None),
        ((200, {"no": "code"}, {}), None),
        ((200, {"code": 0}, {}), None),
        (RESET, None),
    ],
)
async def test_what_passes_is_tried_again_after_the_platforms_own_wait(
    feishu: FeishuAdapter, platform: Platform, scripted: Script, after: float | None
) -> None:
    # a reset connection is retried once by aiohttp itself where that is safe; POST is not
    platform.script["POST messages"] = [scripted]
    with pytest.raises(TransientError) as fault:
        await feishu.deliver(delivery())
    assert fault.value.after == after
    assert len(platform.sent()) == 1


@pytest.mark.parametrize(
    ("code", "reason", "advice"),
    [
        (230013, "可用范围", "版本管理与发布"),
        (230002, "不在群里", "群机器人"),
        (99991672, "权限", "权限管理"),
        (230028, "数据防泄漏", "数据防泄漏"),
        (4242, "飞书拒绝", "服务端错误码"),
    ],
)
async def test_what_never_passes_says_why_and_what_to_do(
    feishu: FeishuAdapter, platform: Platform, code: int, reason: str, advice: str
) -> None:
    platform.script["POST messages"] = [refusal(code)]
    with pytest.raises(UndeliverableError) as fault:
        await feishu.deliver(delivery())
    assert fault.value.code == str(code)
    assert reason in fault.value.reason
    assert advice in fault.value.advice
    assert len(platform.sent()) == 1


async def test_wrong_credentials_are_the_admins_to_mend(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    platform.script["POST tenant_access_token"] = [refusal(10014, 200)]
    with pytest.raises(UndeliverableError) as fault:
        await feishu.deliver(delivery())
    assert "凭证与基础信息" in fault.value.advice


@pytest.mark.parametrize(("key", "second"), [("fuse-17", "fuse-17t"), ("k" * 50, None)])
async def test_a_refused_card_goes_as_text_under_a_second_key(
    feishu: FeishuAdapter, platform: Platform, key: str, second: str | None
) -> None:
    platform.script["POST messages"] = [refusal(230099)]
    receipt = await feishu.deliver(delivery(key=key))
    assert receipt.handle == {"message": "om_new", "kind": "text"}
    card, text = platform.sent()
    assert (card["uuid"], text["msg_type"]) == (key, "text")
    assert text["uuid"] not in (key, "")
    assert second is None or text["uuid"] == second
    assert len(text["uuid"]) <= 50
    assert "[接手] 接手 17 v3" in json.loads(text["content"])["text"]


async def test_a_refused_card_is_not_tried_again_with_its_text(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    platform.script["POST messages"] = [refusal(230099), refusal(230020)]
    with pytest.raises(TransientError) as fault:
        await feishu.deliver(delivery())
    await feishu.deliver(delivery(done=fault.value.done))
    assert [body["msg_type"] for body in platform.sent()] == ["interactive", "text", "text"]


async def test_nothing_secret_or_personal_is_logged(
    feishu: FeishuAdapter, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="bot")
    platform.script["POST messages"] = [refusal(230099, 400, {"X-Tt-Logid": "log-1"})]
    await feishu.deliver(delivery())
    facts = [record.__dict__ for record in caplog.records]
    assert any(fact.get("logid") == "log-1" for fact in facts)
    for secret in ("secret", "t-1", "ou_lina", "华东医疗"):
        assert secret not in str(facts)
