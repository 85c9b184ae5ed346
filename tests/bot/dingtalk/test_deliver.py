from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bot.adapter import (
    Address,
    CannotReplaceError,
    DeliveryError,
    TransientError,
    UndeliverableError,
)
from bot.dingtalk.adapter import DingTalkAdapter
from cards.card import Card, Picture, note
from cards.drawing import Drawing

from .cards import CURVE, GRID
from .desk import SETTINGS
from .fake import CHAT, CREATE, GROUP, MEDIA, ONE, REGISTER, SENT, UPDATE, Fake, fault, order


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
