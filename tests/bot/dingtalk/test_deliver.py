from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.adapter import (
    Adapter,
    Address,
    CannotReplaceError,
    Delivery,
    DeliveryError,
    TransientError,
    UndeliverableError,
)
from bot.dingtalk import delivery as delivery_module
from bot.dingtalk.adapter import DingTalkAdapter
from cards.card import Button, Card, Picture, Text, note
from cards.drawing import Drawing

from .conftest import SETTINGS
from .test_render import CURVE, GRID

TOKEN = "/v1.0/oauth2/accessToken"
CREATE = "/v1.0/card/instances/createAndDeliver"
UPDATE = "/v1.0/card/instances"
ONE = "/v1.0/robot/oToMessages/batchSend"
GROUP = "/v1.0/robot/groupMessages/send"
MEDIA = "/media/upload"
REGISTER = "/v1.0/card/callbacks/register"

CARD = Card("接手", (Text("两周没有回音"),), buttons=(Button("接手", "接手 17 v3"),), ref="fuse:17")
PERSON, CHAT = Address(person="staff01"), Address(chat="cidGroup01==")
DELIVERED = {
    "success": True,
    "result": {
        "outTrackId": "d-17",
        "deliverResults": [{"spaceType": "IM_ROBOT", "spaceId": "staff01", "success": True}],
    },
}
SENT = {"processQueryKey": "pqk", "invalidStaffIdList": [], "flowControlledStaffIdList": []}


@dataclass
class Call:
    path: str
    headers: Any
    query: dict[str, str]
    body: Any


@dataclass
class Fake:
    """DingTalk's side: answers from a script, then the usual ones; keeps what it was asked."""

    calls: list[Call] = field(default_factory=list)
    script: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    base: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        raw = await request.read()
        body = json.loads(raw) if request.content_type == "application/json" else raw
        self.calls.append(Call(request.path, request.headers, dict(request.query), body))
        planned = self.script.get(request.path)
        status, found = planned.pop(0) if planned else (200, self._usual(request.path))
        if found is None:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if isinstance(found, str):
            return web.Response(status=status, text=found, content_type="text/html")
        return web.json_response(found, status=status, headers=found.pop("_headers", {}))

    def _usual(self, path: str) -> Any:
        tokens = sum(call.path == TOKEN for call in self.calls)
        return {
            TOKEN: {"accessToken": f"token-{tokens}", "expireIn": 7200},
            CREATE: DELIVERED,
            UPDATE: {"success": True, "result": True},
            ONE: dict(SENT),
            GROUP: {"processQueryKey": "pqk-group"},
            MEDIA: {"errcode": "0", "errmsg": "ok", "media_id": "@lAL-1"},
            REGISTER: {"success": True, "result": {}},
        }[path]

    def to(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    platform = Fake()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", platform.answer)
    async with TestServer(app) as server:
        platform.base = str(server.make_url("")).rstrip("/")
        yield platform


@pytest.fixture
async def make(fake: Fake) -> AsyncIterator[Callable[[str], DingTalkAdapter]]:
    async with aiohttp.ClientSession() as session:

        def build(template: str) -> DingTalkAdapter:
            settings = replace(
                SETTINGS, api_base=fake.base, oapi_base=fake.base, card_template_id=template
            )
            return DingTalkAdapter(
                settings,
                app="main",
                tenant="shop",
                session=lambda: session,
                callback_url="https://crm.example.com/webhooks/dingtalk/main/card",
            )

        yield build


@pytest.fixture
def by_template(make: Callable[[str], DingTalkAdapter]) -> DingTalkAdapter:
    return make("shop.schema")


@pytest.fixture
def by_message(make: Callable[[str], DingTalkAdapter]) -> DingTalkAdapter:
    return make("")


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[Drawing]:
    drawn: list[Drawing] = []

    async def png(drawing: Drawing) -> bytes:
        drawn.append(drawing)
        if drawing is GRID:
            raise OSError("no font")
        return b"\x89PNG"

    monkeypatch.setattr(delivery_module, "png", png)
    return drawn


def order(
    card: Card = CARD, to: Address = PERSON, handle: dict[str, str] | None = None
) -> Delivery:
    return Delivery("d-17", to, card, handle)


async def fault(adapter: Adapter, delivery: Delivery) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await adapter.deliver(delivery)
    return caught.value


async def test_a_card_to_a_person(by_template: DingTalkAdapter, fake: Fake) -> None:
    receipt = await by_template.deliver(order())
    assert receipt.handle == {"message": "d-17"}
    (call,) = fake.to(CREATE)
    assert call.headers["x-acs-dingtalk-access-token"] == "token-1"
    assert call.headers["Accept"] == "application/json"
    assert call.body.pop("cardData")["cardParamMap"]["title"] == "接手"
    model = {
        "supportForward": False,
        "lastMessageI18n": {"ZH_CN": "接手"},
        "notification": {"alertContent": "接手", "notificationOff": False},
    }
    assert call.body == {
        "cardTemplateId": "shop.schema",
        "outTrackId": "d-17",
        "userIdType": 1,
        "callbackType": "HTTP",
        "callbackRouteKey": "momentum-main",
        "openSpaceId": "dtv1.card//IM_ROBOT.staff01",
        "imRobotOpenSpaceModel": model,
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": "dingrobot01"},
    }


async def test_a_card_to_a_group(by_template: DingTalkAdapter, fake: Fake) -> None:
    await by_template.deliver(order(to=CHAT))
    body = fake.to(CREATE)[0].body
    assert body["openSpaceId"] == "dtv1.card//IM_GROUP.cidGroup01=="
    assert body["imGroupOpenDeliverModel"] == {"robotCode": "dingrobot01"}
    assert "imRobotOpenSpaceModel" not in body


async def test_a_card_sent_twice_is_there_once(by_template: DingTalkAdapter, fake: Fake) -> None:
    fake.script[CREATE] = [(400, {"code": "param.cardAlreadyExist", "message": "exists"})]
    assert (await by_template.deliver(order())).handle == {"message": "d-17"}


async def test_a_space_that_was_not_reached(by_template: DingTalkAdapter, fake: Fake) -> None:
    space = {"spaceType": "IM_ROBOT", "success": False, "errorMsg": "user not in scope"}
    fake.script[CREATE] = [(200, {"success": True, "result": {"deliverResults": [space]}})]
    found = await fault(by_template, order())
    assert isinstance(found, UndeliverableError)
    assert "user not in scope" in found.reason
    assert "可见范围" in found.advice


async def test_a_card_changes_in_place(by_template: DingTalkAdapter, fake: Fake) -> None:
    receipt = await by_template.deliver(order(handle={"message": "d-9"}))
    assert receipt.handle == {"message": "d-9"}
    (call,) = fake.to(UPDATE)
    assert call.body["outTrackId"] == "d-9"
    assert call.body["cardUpdateOptions"]["updateCardDataByKey"] is True
    assert "tip" not in call.body["cardData"]["cardParamMap"]


async def test_a_card_that_is_gone_cannot_change(by_template: DingTalkAdapter, fake: Fake) -> None:
    fake.script[UPDATE] = [(400, {"code": "param.cardNotExist", "message": "no"})]
    found = await fault(by_template, order(handle={"message": "d-9"}))
    assert isinstance(found, CannotReplaceError)


async def test_a_robot_message_cannot_change(by_message: DingTalkAdapter, fake: Fake) -> None:
    found = await fault(by_message, order(handle={"process_query_key": "pqk"}))
    assert isinstance(found, CannotReplaceError)
    assert fake.calls == []


async def test_a_message_to_a_person(by_message: DingTalkAdapter, fake: Fake) -> None:
    receipt = await by_message.deliver(order())
    assert receipt.handle == {"process_query_key": "pqk"}
    body = fake.to(ONE)[0].body
    param = json.loads(body.pop("msgParam"))
    assert body == {
        "robotCode": "dingrobot01",
        "userIds": ["staff01"],
        "msgKey": "sampleMarkdown",
    }
    assert param["title"] == "接手"
    assert "dtmd://dingtalkclient/sendMessage?content=" in param["text"]


async def test_a_message_to_a_group_has_no_links_that_speak(
    by_message: DingTalkAdapter, fake: Fake
) -> None:
    await by_message.deliver(order(to=CHAT))
    body = fake.to(GROUP)[0].body
    assert body["openConversationId"] == "cidGroup01=="
    assert "dtmd:" not in body["msgParam"]


@pytest.mark.parametrize("template", ["", "shop.schema"])
async def test_a_sentence_is_a_text(
    make: Callable[[str], DingTalkAdapter], fake: Fake, template: str
) -> None:
    await make(template).deliver(order(note("没有找到线索 17")))
    body = fake.to(ONE)[0].body
    assert (body["msgKey"], json.loads(body["msgParam"])) == (
        "sampleText",
        {"content": "没有找到线索 17"},
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("invalidStaffIdList", UndeliverableError),
        ("flowControlledStaffIdList", TransientError),
    ],
)
async def test_people_who_were_not_reached(
    by_message: DingTalkAdapter, fake: Fake, name: str, kind: type[DeliveryError]
) -> None:
    fake.script[ONE] = [(200, {**SENT, name: ["staff01"]})]
    assert isinstance(await fault(by_message, order()), kind)


async def test_nobody_to_send_to(by_message: DingTalkAdapter, fake: Fake) -> None:
    assert isinstance(await fault(by_message, order(to=Address())), UndeliverableError)
    assert fake.calls == []


async def test_one_token_serves_many_calls(by_message: DingTalkAdapter, fake: Fake) -> None:
    await by_message.deliver(order())
    await by_message.deliver(order())
    assert len(fake.to(TOKEN)) == 1
    assert fake.to(TOKEN)[0].body == {
        "appKey": SETTINGS.app_key,
        "appSecret": SETTINGS.app_secret,
    }


STALE = (400, {"code": "InvalidAuthentication", "message": "token"})


async def test_a_refused_token_is_renewed_once(by_message: DingTalkAdapter, fake: Fake) -> None:
    fake.script[ONE] = [STALE]
    await by_message.deliver(order())
    tokens = [call.headers["x-acs-dingtalk-access-token"] for call in fake.to(ONE)]
    assert tokens == ["token-1", "token-2"]


async def test_a_token_refused_twice_waits(by_message: DingTalkAdapter, fake: Fake) -> None:
    fake.script[ONE] = [(s, dict(b)) for s, b in (STALE, STALE)]
    assert isinstance(await fault(by_message, order()), TransientError)
    assert len(fake.to(ONE)) == 2


async def test_a_wrong_secret_is_told_to_the_admin(by_message: DingTalkAdapter, fake: Fake) -> None:
    fake.script[TOKEN] = [(400, {"code": "invalidClientIdOrSecret", "message": "no"})]
    found = await fault(by_message, order())
    assert isinstance(found, UndeliverableError)
    assert "凭证与基础信息" in found.advice


@pytest.mark.parametrize(
    ("status", "body", "after"),
    [
        (403, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"}, 1),
        (403, {"code": "Forbidden.AccessDenied.QpsLimitForApi"}, 2),
        (403, {"code": "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi"}, 60),
        (429, {"code": "whatever", "_headers": {"Retry-After": "7"}}, 7),
        (400, {"code": "send.too.fast"}, 60),
        (500, {"code": "system.busy"}, None),
        (504, {"code": "backend.timeout"}, None),
        (200, {"errcode": 15, "errmsg": "busy"}, None),
        (200, {"errcode": -1, "errmsg": "busy"}, None),
        (200, {"status": 1111, "wait": 5, "source": "x5", "punish": "deny"}, 300),
        (200, "<html>punished</html>", 300),
        (502, "<html>bad gateway</html>", 300),
        (200, None, None),
    ],
)
async def test_what_is_tried_again(
    by_message: DingTalkAdapter, fake: Fake, status: int, body: Any, after: float | None
) -> None:
    body = dict(body) if isinstance(body, dict) else body
    fake.script[ONE] = [(status, body)]
    found = await fault(by_message, order())
    assert isinstance(found, TransientError)
    assert found.after == after


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (403, {"code": "Forbidden.AccessDenied.ApiCountLimitForOrg"}, "额度"),
        (
            403,
            {
                "code": "Forbidden.AccessDenied.AccessTokenPermissionDenied",
                "accessdenieddetail": {"requiredScopes": ["Card.Instance.Write"]},
            },
            "权限",
        ),
        (403, {"code": "Forbidden.AccessDenied.IpNotInWhiteList"}, "白名单"),
        (400, {"code": "staffId.notExisted"}, "接收人"),
        (400, {"code": "invalidParameter.robotCode.notExsit"}, "机器人编码"),
        (400, {"code": "chatbotId.notAllow.sendOTO"}, "单聊"),
        (400, {"code": "contain.illegal"}, "安全检查"),
        (400, {"code": "group.disbanded"}, "群"),
        (400, {"code": "param.templateUnpublished"}, "模板"),
        (400, {"code": "never.seen"}, "拒绝"),
        (400, {}, "拒绝"),
        (200, {"success": False, "code": "param.empty"}, "拒绝"),
        (200, {"errcode": 88, "sub_code": "60011"}, "权限"),
        (200, {"errcode": "60121"}, "接收人"),
    ],
)
async def test_what_only_a_person_can_mend(
    by_message: DingTalkAdapter, fake: Fake, status: int, body: Any, reason: str
) -> None:
    fake.script[ONE] = [(status, dict(body))]
    found = await fault(by_message, order())
    assert isinstance(found, UndeliverableError)
    assert reason in found.reason
    assert found.advice
    if "accessdenieddetail" in body:
        assert "Card.Instance.Write" in found.advice


async def test_a_picture_is_uploaded_once(
    by_message: DingTalkAdapter, fake: Fake, drawings: list[Drawing]
) -> None:
    card = Card("动能", (Picture("曲线", CURVE),), ref="lead:17")
    for _ in range(2):
        await by_message.deliver(order(card))
    (call,) = fake.to(MEDIA)
    assert call.query == {"access_token": "token-1", "type": "image"}
    assert b'name="media"; filename="picture.png"' in call.body
    assert b"image/png" in call.body
    assert "![曲线](@lAL-1)" in fake.to(ONE)[1].body["msgParam"]
    assert drawings == [CURVE]


async def test_the_first_picture_of_a_card_has_its_own_place(
    by_template: DingTalkAdapter, fake: Fake, drawings: list[Drawing]
) -> None:
    card = Card("动能", (Picture("曲线", CURVE), Picture("班表", GRID)), ref="lead:17")
    await by_template.deliver(order(card))
    values = fake.to(CREATE)[0].body["cardData"]["cardParamMap"]
    assert (values["picture"], values["has_picture"]) == ("@lAL-1", "true")
    assert values["markdown"] == "〔图：班表〕"


async def test_words_go_out_without_a_picture_that_fails(
    by_template: DingTalkAdapter,
    fake: Fake,
    drawings: list[Drawing],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await by_template.deliver(order(Card("班表", (Picture("班表", GRID),), ref="roster")))
    values = fake.to(CREATE)[0].body["cardData"]["cardParamMap"]
    assert (values["picture"], values["has_picture"]) == ("", "false")
    assert "could not be drawn" in caplog.text


async def test_an_upload_with_a_stale_token_is_repeated(
    by_message: DingTalkAdapter, fake: Fake, drawings: list[Drawing]
) -> None:
    fake.script[MEDIA] = [(200, {"errcode": 88, "sub_code": "40014"})]
    await by_message.deliver(order(Card("动能", (Picture("曲线", CURVE),), ref="lead:17")))
    tokens = [call.query["access_token"] for call in fake.to(MEDIA)]
    assert tokens == ["token-1", "token-2"]


async def test_the_card_callback_is_registered(by_template: DingTalkAdapter, fake: Fake) -> None:
    await by_template.register_card_callback()
    assert fake.to(REGISTER)[0].body == {
        "callbackRouteKey": "momentum-main",
        "callbackUrl": "https://crm.example.com/webhooks/dingtalk/main/card",
        "apiSecret": SETTINGS.card_api_secret,
        "forceUpdate": True,
    }


async def test_without_a_template_nothing_is_registered(
    by_message: DingTalkAdapter, fake: Fake
) -> None:
    await by_message.register_card_callback()
    assert fake.calls == []


async def test_a_closed_session_is_tried_again(fake: Fake) -> None:
    session = aiohttp.ClientSession()
    await session.close()
    adapter = DingTalkAdapter(
        replace(SETTINGS, api_base=fake.base), app="main", tenant="shop", session=lambda: session
    )
    assert isinstance(await fault(adapter, order()), TransientError)


async def test_secrets_stay_out_of_logs_and_errors(
    by_message: DingTalkAdapter, fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    fake.script[ONE] = [(400, {"code": "never.seen", "message": "staff01 两周没有回音"})]
    with caplog.at_level("DEBUG", logger="bot"):
        found = await fault(by_message, order())
    told = repr([record.__dict__ for record in caplog.records]) + repr(found) + found.reason
    for secret in (SETTINGS.app_secret, "token-1", "staff01", "两周没有回音"):
        assert secret not in told
