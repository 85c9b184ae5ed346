"""What people are told about messages: the list of those held back, and what admins must do."""

from __future__ import annotations

from collections.abc import Sequence

from cards.card import Button, Card, Fields, Note, Table, Text, Tone

PLATFORM_WORDS = {"wecom": "企业微信", "feishu": "飞书", "dingtalk": "钉钉"}
MOST_LISTED = 20
MOST_LETTERS = 40


def digest(items: Sequence[tuple[int, str]], cap: int) -> Card:
    """The messages that were not pushed one by one: (number, title) pairs, oldest first."""
    lines = [f"· {_short(title)}\n　查看：补看 {number}" for number, title in items[:MOST_LISTED]]
    if len(items) > MOST_LISTED:
        lines.append(f"另有 {len(items) - MOST_LISTED} 条，发送「补看」查看全部编号")
    first = items[0][0]
    return Card(
        f"有 {len(items)} 条消息没有单独推送",
        (
            Text("\n".join(lines)),
            Note(f"主动推送已达每人每天 {cap} 条的上限。上限可由管理员在后台「消息推送」里调整。"),
        ),
        buttons=(Button("看第一条", f"补看 {first}", primary=True), Button("全部编号", "补看")),
    )


def held(items: Sequence[tuple[int, str]]) -> Card:
    """What waits for one person."""
    return Card(
        f"您有 {len(items)} 条没有单独推送的消息",
        (Table(("编号", "标题"), tuple((str(number), _short(title)) for number, title in items)),),
        buttons=(Button("看第一条", f"补看 {items[0][0]}", primary=True),),
    )


def dead_letters(reasons: Sequence[tuple[str, str, int]]) -> Card:
    """For admins: (platform, reason with advice, how many), most frequent first."""
    total = sum(count for *_, count in reasons)
    lines = [
        f"· {PLATFORM_WORDS.get(platform, platform)}，{count} 条：{reason}"
        for platform, reason, count in reasons[:6]
    ]
    if len(reasons) > 6:
        lines.append(f"另有 {len(reasons) - 6} 种原因")
    return Card(
        f"{total} 条消息未送达",
        (
            Text("\n".join(lines)),
            Text(
                "请按上面的提示处理，然后在服务器上运行：\n"
                "python main.py outbox list 查看明细\n"
                "python main.py outbox replay 全部重发\n"
                "python main.py outbox drop 编号 不再发送"
            ),
        ),
        Tone.WARN,
    )


def quota(platform: str, calls: int, allowed: int, mark: int) -> Card:
    """For admins: a month's calls have reached `mark` per cent of what was bought."""
    name = PLATFORM_WORDS.get(platform, platform)
    used_up = mark >= 100
    advice = (
        "超出后平台最多宽限 5 天，然后拒绝发送，接收不受影响。请立即升级版本或购买调用包。"
        if used_up
        else "请提前升级版本或购买调用包，或在后台「消息推送」里调低每人每天的上限。"
    )
    return Card(
        f"{name}本月调用额度{'已用完' if used_up else f'已用 {mark}%'}",
        (
            Fields((("已调用", f"{calls} 次"), ("本月额度", f"{allowed} 次"))),
            Text(advice),
            Note("升级后请在后台「消息推送」里改写每月额度，提醒才会跟着变。"),
        ),
        Tone.DANGER if used_up else Tone.WARN,
    )


def _short(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= MOST_LETTERS else line[:MOST_LETTERS] + "…"
