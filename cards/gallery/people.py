"""Samples of what everybody sees, and of what admins are told."""

from __future__ import annotations

from dataclasses import dataclass

from cards import console, delivery
from cards import help as helping
from cards.gallery.sample import ADMIN, ANYONE, REP, Sample, sample


@dataclass(frozen=True, slots=True)
class Said:
    """A command as the list of commands shows it."""

    words: tuple[str, ...]
    usage: str
    help: str


COMMANDS = (
    Said(("新线索",), "新线索 公司 联系人 电话 需求", "登记一条线索，随便怎么说都行"),
    Said(("跟进",), "跟进 公司 说了什么", "记下一次沟通，自动识别下一步和时间"),
    Said(("动能",), "动能 公司", "看一条线索的动能曲线和建议"),
    Said(("我的线索",), "我的线索", "您名下的线索，最需要处理的在前"),
    Said(("帮助",), "帮助", "显示这张清单"),
)
HELD = (
    (101, "黄色预警 · 华东医疗 · 王芳主任"),
    (104, "回到绿色 · 南方连锁 · 陈总"),
    (109, "班表已发布 · 人民路店 · 10-05–10-11，请核对您这一周的班次并尽早告诉店长有没有冲突"),
)
REASONS = (
    ("wecom", "应用没有给此人发消息的权限。到管理后台「应用管理」把此人加入可见范围", 12),
    ("dingtalk", "接收人已不在这个组织里。在「管理控制台 → 人员」更新此人的钉钉 staffId", 2),
)


def samples() -> tuple[Sample, ...]:
    """Every view of help, sign-in and delivery."""
    many = tuple((200 + place, f"黄色预警 · 客户 {place}") for place in range(26))
    url = "https://momentum.example.com/console/?code=73518264"
    return (
        sample(REP, helping.listing, "李明", "销售代表", COMMANDS),
        sample(REP, helping.welcome, "李明", COMMANDS),
        sample(ANYONE, helping.stranger, "钉钉", "manager4220"),
        sample(ANYONE, helping.stranger, "钉钉", "").called("unnamed"),
        sample(ADMIN, console.sign_in_card, "73518264", 10, url),
        sample(REP, delivery.digest, HELD, 30),
        sample(REP, delivery.digest, many, 30).called("many"),
        sample(REP, delivery.held, HELD),
        sample(ADMIN, delivery.dead_letters, REASONS),
        sample(ADMIN, delivery.quota, "dingtalk", 8_010, 10_000, 80),
        sample(ADMIN, delivery.quota, "dingtalk", 10_000, 10_000, 100).called("used-up"),
    )
