"""What a person can say, and a welcome."""

from __future__ import annotations

from collections.abc import Iterable

from cards.card import Button, Card, Fields, Note, Text
from crm.help import Sayable


def listing(name: str, title: str, said: Iterable[Sayable]) -> Card:
    """All commands of one person."""
    return Card(
        f"{name}，您可以这样说",
        (
            Fields((("身份", title),)),
            Text("\n".join(f"· {item.usage}\n　{item.help}" for item in said)),
            Note("直接发文字即可；卡片上的按钮与发送命令效果相同。"),
        ),
    )


def welcome(name: str, said: Iterable[Sayable]) -> Card:
    """The first time somebody opens the chat."""
    return Card(
        f"{name}，欢迎使用动能",
        (
            Text("在这里发一句话，就能登记线索、跟进客户、查看班表，不用再填表。"),
            Text("\n".join(f"· {item.usage}" for item in list(said)[:3])),
        ),
        buttons=(Button("看看我能做什么", "帮助", primary=True),),
    )


def stranger(platform: str, user: str) -> Card:
    """Somebody we do not know."""
    return Card(
        "您还没有加入动能。请把下面的编号发给管理员，加入人员名单后即可使用：\n"
        f"{platform}：{user or '（平台未提供，请确认应用已发布且您在可见范围内）'}\n"
        "在别的平台已能使用动能？请在那里发送「绑定」领取绑定码，再到这里发送「绑定 码」。"
    )
