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
    50001: ("回调域名不在应用的可信域名之列", f"到{_APP}→「网页授权及 JS-SDK」设置可信域名"),
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
    45001: ("文件超过企业微信的大小限制", "请换小一些的文件：图片 2 MB、文件 20 MB 以内"),
    **dict.fromkeys(
        (40004, 40123, 44001), ("企业微信不接受这个文件", "请确认文件不是空的，且格式与扩展名相符")
    ),
    40007: ("素材已过期或不存在", "素材只保存三天，请让对方重新发送"),
    40029: ("登录凭证无效或已用过", "凭证只能用一次，五分钟内有效，请重新登录"),
    41050: ("欢迎语凭证无效或已过期", "欢迎语须在添加客户后二十秒内发送，可忽略"),
    41051: ("客户已开始聊天，不能再发欢迎语", "可忽略"),
    82002: ("一次发给的部门超过一百个", "请分几次发送"),
    82003: ("一次发给的标签超过一百个", "请分几次发送"),
    84061: ("客户与此成员没有好友关系", "请确认客户没有删除此成员，或换由其跟进人发送"),
    84074: ("没有操作这位外部联系人的权限", "到管理后台「客户联系 → 权限配置」加入此成员"),
    301024: ("打卡记录的时间跨度过长", "请缩短到三十天以内再查"),
    301025: ("审批参数不对", "请核对审批模板是否改过，再提交"),
    830002: ("文件超过 20 MB，不能一次取回", "请让对方压缩后重新发送"),
    93000: ("群机器人的 Key 无效，或机器人已被移出群", "请在群里重新添加机器人，再更新它的设置"),
    95000: ("客服账号无效", "到管理后台「微信客服」核对客服账号，并授权给本应用"),
    95007: ("客服消息凭证无效或已过期", "可忽略：下一条客户消息会带来新的凭证"),
    95013: ("客服会话已结束", "请等客户再次发来消息"),
    846605: ("智能机器人的请求编号无效", "消息已过期，请重新发送"),
    846608: ("智能机器人的流式回复已过期", "请在六分钟内回复，或重新发送"),
    86001: ("群聊编号无效", "请核对群聊是否由本应用创建"),
    86003: ("群聊不存在", "群可能已解散，请重新建群"),
    86008: ("群聊不是本应用创建的", "只能发到本应用自己建的群，请换一个群"),
}
_PERSONAL |= dict.fromkeys((40006, 40009), _PERSONAL[45001])
_PERSONAL |= dict.fromkeys(
    (40008, 40033, 40035, 40058, 40063, 44004, 47001),
    ("消息的格式不被接受", "这是程序的问题，请把错误码和死信编号交给维护者"),
)
_PERSONAL |= dict.fromkeys(
    (42014, 42015, 42016, 42017), ("这张卡片已不能更改", "会改发一张新卡片，无需处理")
)
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


def no_robot(name: str) -> UndeliverableError:
    return UndeliverableError(
        "robot",
        f"没有名为「{name}」的群机器人",
        "请在设置 MOMENTUM_WECOM__ROBOTS 里加上「名称=Key」，再重启",
    )


def no_recall(why: str) -> UndeliverableError:
    return UndeliverableError(
        "recall", f"这条消息不能撤回：{why}", "企业微信只能撤回应用发给个人、24 小时以内的消息"
    )


def no_file(why: str) -> UndeliverableError:
    return UndeliverableError("file", f"取不到这个文件：{why}", "请让对方重新发送，20 MB 以内")
