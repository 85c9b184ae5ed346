"""What DingTalk's refusals mean: wait, tell an admin, or send anew."""

from __future__ import annotations

from typing import NoReturn

from bot.adapter import CannotReplaceError, TransientError, UndeliverableError
from bot.http import Reply

BANNED_SECONDS = 300  # an address that calls too much is shut out for five minutes
BANNED_STATUS = 1111

STALE_TOKEN = {"invalidauthentication", "40001", "40014", "42001", "33001"}
NOT_REPLACEABLE = {"param.cardnotexist"}
ALREADY_THERE = {"param.cardalreadyexist"}

_WAITS: dict[str, float | None] = {
    "forbidden.accessdenied.qpslimitforappkeyandapi": 1,
    "90018": 1,
    "forbidden.accessdenied.qpslimitforapi": 2,
    "90002": 2,
    "forbidden.accessdenied.qpmlimitforappkeyandapi": 60,
    "410100": 600,  # a group robot that spoke too often is shut out for ten minutes
    "send.too.fast": 60,
    "send.bytoken.toofast": 60,
    "too.many.group": 60,
    "too.many.people": 60,
    "-1": None,
    "15": None,
    "88": None,
    "system.error": None,
    "system.busy": None,
    **dict.fromkeys(STALE_TOKEN, 5),  # refused even after it was fetched anew
}

OUT_OF_QUOTA = {"forbidden.accessdenied.apicountlimitfororg", "90020"}

_CONSOLE = "开发者后台 → 应用开发 → 本应用"
_REFUSALS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        tuple(OUT_OF_QUOTA),
        "本组织本月的接口调用额度已用完",
        "在「钉钉管理后台 → 开放平台用量」购买加量包，或等到下月；之后可从失败信箱重发",
    ),
    (
        ("forbidden.accessdenied.accesstokenpermissiondenied", "60011", "88."),
        "应用没有调用这个接口的权限",
        f"在「{_CONSOLE} → 权限管理」开通权限",
    ),
    (
        ("forbidden.accessdenied.ipnotinwhitelist", "60020"),
        "服务器的出口 IP 不在白名单里",
        f"在「{_CONSOLE} → 安全设置 → 服务器出口 IP」加入本机出口 IP",
    ),
    (
        ("invalidclientidorsecret", "40089"),
        "应用的 AppKey 或 AppSecret 不对",
        f"在「{_CONSOLE} → 凭证与基础信息」核对 MOMENTUM_DINGTALK__APP_KEY 和 APP_SECRET",
    ),
    (
        ("staffid.notexisted", "param.useridnotexist", "60121", "33012"),
        "接收人已不在这个组织里",
        "在「管理控制台 → 人员」更新此人的钉钉 staffId，或停用此人",
    ),
    (
        ("chatbotid.notallow.sendoto", "robot.oto.notexist"),
        "机器人不能给此人发单聊消息",
        f"在「{_CONSOLE} → 版本管理与发布」把此人加入可见范围，并请此人打开一次机器人",
    ),
    (
        ("contain.", "param.contentunsafe", "4301"),
        "内容没有通过钉钉的安全检查",
        "请检查消息内容里的链接和用词",
    ),
    (
        ("param.templatenotexist", "param.templateunpublished", "template."),
        "卡片模板不存在或没有发布",
        "在「开发者后台 → 卡片平台」发布模板，并核对 MOMENTUM_DINGTALK__CARD_TEMPLATE_ID",
    ),
    (
        ("invalidparameter.robotcode.downloadcode", "invalidparameter.downloadcode"),
        "文件已过期或取不到",
        "请重新发送文件",
    ),
    (
        ("310000",),
        "群机器人的安全设置拒绝了这条消息",
        "在群设置 → 机器人 → 安全设置核对关键词和 IP，加签密钥填进 MOMENTUM_DINGTALK__ROBOTS",
    ),
    (
        ("400101", "400102", "400106"),
        "群机器人不存在、已停用，或 access_token 不对",
        "在群设置 → 机器人里核对，把新的 access_token 填进 MOMENTUM_DINGTALK__ROBOTS",
    ),
    (
        ("40004", "40005", "40006", "40009"),
        "钉钉不接受这个文件的类型或大小",
        "文件须为 doc、xls、ppt、zip、pdf、rar 等常见类型，不超过 20 MB",
    ),
    (
        ("invalidparameter.robotcode", "bot.stopped"),
        "机器人编码不对，或机器人已停用",
        f"在「{_CONSOLE} → 机器人」启用机器人，并核对 MOMENTUM_DINGTALK__ROBOT_CODE",
    ),
    (
        ("group.disbanded", "400013", "resource.", "param.openspaceidinvalid"),
        "群已解散，或机器人不在群里",
        "在群设置 → 机器人里重新添加机器人，或换一个群",
    ),
)
_UNKNOWN_ADVICE = "在「开放平台文档 → 服务端错误码」查询此错误码"


def code_of(reply: Reply) -> str:
    """The refusal's code in lower case, "" for success; both API families."""
    body = reply.body
    if body.get("status") == BANNED_STATUS:
        raise TransientError("dingtalk has shut this address out", after=BANNED_SECONDS)
    errcode = body.get("errcode")
    if errcode is not None and str(errcode) != "0":
        sub = str(body.get("sub_code") or "").lower()
        if sub in STALE_TOKEN:  # the old gateway wraps it in an 88
            return sub
        return f"{errcode}.{sub}" if sub else str(errcode)
    if reply.status >= 400 or body.get("success") is False:
        return str(body.get("code") or f"http {reply.status}").lower()
    return ""


def refuse(code: str, reply: Reply) -> NoReturn:
    """Raise what `code` means."""
    if code in NOT_REPLACEABLE:
        raise CannotReplaceError(code)
    if code in _WAITS:
        raise TransientError(code, after=_retry_after(reply) or _WAITS[code])
    for starts, reason, advice in _REFUSALS:
        if code.startswith(starts):
            raise UndeliverableError(code, reason, advice + _scopes(reply))
    if reply.status >= 500 or reply.status == 429:
        raise TransientError(code, after=_retry_after(reply))
    raise UndeliverableError(code, "钉钉拒绝了这条消息", _UNKNOWN_ADVICE)


def unreachable(why: str) -> UndeliverableError:
    """A card that DingTalk took and did not deliver."""
    return UndeliverableError(
        "deliver.failed",
        f"卡片没有送达：{(why or '没有说明原因')[:200]}",
        "确认此人在应用的可见范围内（开发者后台 → 版本管理与发布），或机器人在群里",
    )


def _retry_after(reply: Reply) -> float | None:
    text = reply.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _scopes(reply: Reply) -> str:
    """The permissions that DingTalk says are missing."""
    detail = reply.body.get("accessdenieddetail")
    scopes = detail.get("requiredScopes") if isinstance(detail, dict) else None
    return f"：{'、'.join(map(str, scopes))}" if isinstance(scopes, list) and scopes else ""
