"""What WeCom's error codes mean for a delivery, and what an admin must do about them."""

from __future__ import annotations

import re

from bot.adapter import DeliveryError, TransientError, UndeliverableError
from bot.event import Json

STALE = {40014, 42001}  # token invalid or expired: fetch another, once
MEDIA_GONE = 40007

_WAITS: dict[int, float | None] = {-1: None, 45009: 60, 45033: 5}  # seconds, where known

_APP = "管理后台「应用管理 → 自建 → 本应用」"
_SETUP = {
    40001: (
        "应用 Secret 不对",
        f"到{_APP}重新查看 Secret，改好设置再重启；连续出错会被封 IP 一小时",
    ),
    40013: ("企业 ID 不对", "到管理后台「我的企业 → 企业信息」核对企业 ID，改好设置再重启"),
    40056: ("AgentId 不对", f"到{_APP}核对 AgentId，改好设置再重启"),
    48002: ("应用没有调用这个接口的权限", f"到{_APP}打开相应权限，或把应用加入「可调用应用」"),
    48006: ("应用久未使用，接口权限被收回", f"到{_APP}重新启用"),
    50003: ("应用被停用", f"到{_APP}启用"),
    60020: ("服务器 IP 不在企业可信 IP 之列", f"到{_APP}→「企业可信IP」填入{{ip}}，约一分钟后生效"),
    301002: ("不能操作这个应用", f"到{_APP}核对 AgentId 和 Secret 是否属于同一个应用"),
}
_SETUP[40091] = _SETUP[40001]

_PERSON = (
    "收件人不在应用可见范围，或已离职",
    f"到{_APP}→「可见范围」加入此人；若已离职，请在人员名单里停用",
)
_PERSONAL = {
    **dict.fromkeys((40003, 40031, 46004, 60111, 81013, 82001), _PERSON),
    50002: _PERSON,
    60011: ("应用无权操作此成员", f"到{_APP}→「可见范围」加入此人或其部门"),
    45002: ("内容超过企业微信的长度限制", "请把错误码和死信编号交给维护者"),
    86001: ("群聊编号无效", "请核对群聊是否由本应用创建"),
    86003: ("群聊不存在", "群可能已解散，请重新建群"),
    86008: ("群聊不是本应用创建的", "只能发到本应用自己建的群，请换一个群"),
}
_OTHER = ("企业微信不接受这条消息", "多半是程序的问题，请把错误码和死信编号交给维护者")
_IP = re.compile(r"from ip: *([0-9a-fA-F.:]{3,45})")


def number(answer: Json) -> int:
    """The errcode; 0 when there is none."""
    code = answer.get("errcode", 0)
    return code if isinstance(code, int) else -1


def refusal(answer: Json) -> DeliveryError:
    """The error that an errcode other than 0 stands for."""
    code = number(answer)
    if code in _WAITS:
        return TransientError(f"errcode {code}", after=_WAITS[code])
    if code in STALE:
        return TransientError(f"errcode {code}: a new token is refused too", after=60)
    reason, advice = _SETUP.get(code) or _PERSONAL.get(code) or _OTHER
    found = _IP.search(str(answer.get("errmsg", "")))
    address = f" {found[1]} " if found else "服务器的出口 IP"
    return UndeliverableError(str(code), f"{reason}（{code}）", advice.replace("{ip}", address))


def about_setup(fault: UndeliverableError) -> bool:
    """Whether every call would fail like this, a new message too."""
    return fault.code.isdigit() and int(fault.code) in _SETUP


def unreached(answer: Json) -> UndeliverableError | None:
    """A call that went well, and yet did not reach its only recipient."""
    if answer.get("invaliduser"):
        return UndeliverableError("invaliduser", *_PERSON)
    if answer.get("unlicenseduser"):
        return UndeliverableError(
            "unlicenseduser",
            "收件人没有企业微信的接口许可，或许可已到期",
            "到管理后台为此人激活或续期「基础接口许可」",
        )
    return None


def bad_address() -> UndeliverableError:
    return UndeliverableError(
        "address", "收件人的企业微信账号为空或写法不对", "请在人员名单里核对此人的企业微信账号"
    )
