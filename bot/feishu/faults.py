"""What Feishu's error codes mean for a delivery, and what an admin must do about them."""

from __future__ import annotations

from math import isfinite

from bot.adapter import CannotReplaceError, DeliveryError, TransientError, UndeliverableError
from bot.http import Reply

STALE_TOKEN = frozenset((99991661, 99991663, 99991671))
CARD = frozenset((230025, 230099, 200860, 200861, 200621, 200550, 200570, 200914, 200915, 300305))
"""The card itself was refused: the same words as text still get through."""

FIXED = frozenset((230011, 230012, 230031, 230050, 230054, 230055, 230071, 230072, 230075, 230110))
"""The message is there (or was) and can no longer be changed."""

RATE = frozenset((99991400, 230020, 11232))
NO_CODE = -1  # a gateway answered, not the API
SENDING = 230049  # still on its way
WAIT_SECONDS = 1.0  # documented default when no header says how long

SCOPE = (
    "请在飞书开发者后台「权限管理」开通机器人发消息的权限（im:message），"
    "并在「版本管理与发布」发布新版本"
)
VISIBLE = "请在飞书开发者后台「版本管理与发布」把此人加入应用的可用范围；已离职的请在控制台停用"
GROUP = "请在飞书群「设置 → 群机器人」中重新添加应用机器人，并允许它发言"
WORDS = "请改写卡片文字；或在飞书管理后台「安全 → 数据防泄漏」调整规则"
KEYS = "请核对开发者后台「凭证与基础信息」的 App ID 与 App Secret，并更新 MOMENTUM_FEISHU__ 设置"
REPORT = "请把错误码和日志中的 logid 交给维护人员；错误码含义见飞书开放平台「服务端错误码」"

REASONS: dict[int, tuple[str, str]] = {
    99991672: ("应用缺少所需权限", SCOPE),
    99991679: ("用户没有授予所需权限", SCOPE),
    230027: ("应用没有发消息的权限", SCOPE),
    230006: ("应用没有开启机器人能力", "请在飞书开发者后台「应用能力 → 机器人」开启并发布新版本"),
    99991401: (
        "服务器地址不在白名单",
        "请在飞书开发者后台「安全设置 → IP 白名单」加入本机地址",
    ),
    99991403: ("本月调用额度已用完", "请在飞书管理后台「费用中心」查看额度并升级版本"),
    10003: ("应用凭证不正确", KEYS),
    10014: ("应用不可用或密钥不正确", KEYS),
    99991664: ("应用凭证不正确", KEYS),
    230002: ("机器人不在群里", GROUP),
    230013: ("收件人不在应用可用范围内，或已离职", VISIBLE),
    230029: ("收件人已离职", VISIBLE),
    230034: (
        "收件人编号无效",
        "请核对人员表的 feishu_open_id：须取自本应用，见开发者后台「API 调试台」",
    ),
    230035: ("群已禁言，或不允许机器人发言", GROUP),
    230018: ("群设置不允许此操作", GROUP),
    230019: ("话题不存在", GROUP),
    230038: ("收件人属于其他企业", VISIBLE),
    230053: ("收件人停用了机器人", "请收件人在飞书中打开本机器人的会话，重新启用接收消息"),
    232009: ("群已解散", "请在控制台为相关通知改选其他群"),
    230022: ("内容含有敏感词，被飞书拦截", WORDS),
    230028: ("内容被企业数据防泄漏规则拦截", WORDS),
    230025: ("内容超过飞书长度限制", "请缩短卡片内容"),
    230099: ("卡片内容未通过飞书校验", REPORT),
    230001: ("请求参数不被飞书接受", REPORT),
}


def refusal(reply: Reply, *, replacing: bool = False) -> DeliveryError:
    """The error for an answer that is not a success; `replacing` a sent card has exits of its own.

    A card that cannot be changed, because of its age or its new content, is sent anew instead.
    """
    code = code_of(reply)
    if code in RATE or reply.status == 429:
        return TransientError(f"rate {code}", after=_wait(reply) or WAIT_SECONDS)
    if (
        code in (NO_CODE, SENDING)
        or code in STALE_TOKEN
        or (reply.status >= 500 and code not in REASONS)
    ):
        return TransientError(f"http {reply.status} code {code}", after=_wait(reply))
    if replacing and (code in FIXED or code in CARD or code == 230001):
        return CannotReplaceError(f"code {code}")
    reason, advice = REASONS.get(code, ("飞书拒绝了这条消息", REPORT))
    return UndeliverableError(str(code), reason, advice)


def code_of(reply: Reply) -> int:
    """The business code, whatever the HTTP status; NO_CODE when there is none."""
    code = reply.body.get("code")
    return code if isinstance(code, int) and not isinstance(code, bool) else NO_CODE


def _wait(reply: Reply) -> float | None:
    """Seconds until the frequency limit is lifted, if a header says so."""
    for name in ("x-ogw-ratelimit-reset", "retry-after"):
        try:
            seconds = float(reply.headers[name])
        except (KeyError, ValueError):
            continue
        if isfinite(seconds) and seconds >= 0:
            return seconds
    return None
