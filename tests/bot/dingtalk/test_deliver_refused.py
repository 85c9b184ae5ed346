from __future__ import annotations

from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from bot.adapter import (
    TransientError,
    UndeliverableError,
)
from bot.dingtalk.adapter import DingTalkAdapter
from cards.card import Card, Picture
from cards.drawing import Drawing

from .cards import CURVE
from .desk import SETTINGS
from .fake import MEDIA, ONE, TOKEN, Fake, fault, order


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


async def test_an_upload_with_a_stale_token_is_repeated(
    by_message: DingTalkAdapter, fake: Fake, drawings: list[Drawing]
) -> None:
    fake.script[MEDIA] = [(200, {"errcode": 88, "sub_code": "40014"})]
    await by_message.deliver(order(Card("动能", (Picture("曲线", CURVE),), ref="lead:17")))
    tokens = [call.query["access_token"] for call in fake.to(MEDIA)]
    assert tokens == ["token-1", "token-2"]


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
