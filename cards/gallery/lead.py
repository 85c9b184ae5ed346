"""Samples of what sellers and their managers see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cards import lead, momentum
from cards.gallery.sample import MANAGER, REP, Sample, sample
from cards.momentum import Fuse, Sight
from crm.lead import LeadView, Status
from crm.momentum import Energy, Heat, MomentumPolicy, Pulse, TimeClass

NOW = datetime(2026, 10, 8, 6, 30, tzinfo=UTC)  # 14:30 in Shanghai
ZONE = ZoneInfo("Asia/Shanghai")
POLICY = MomentumPolicy()
LEAD = LeadView(
    17,
    "华东医疗",
    "王芳",
    "主任",
    "13800001234",
    80_000_000,
    owner_id=3,
    owner_name="李明",
    version=3,
    next_step="现场演示",
    next_step_at=NOW + timedelta(days=6),
    last_touch_at=NOW - timedelta(hours=30),
)
HISTORY = (
    (NOW - timedelta(hours=6), "打开报价邮件"),
    (NOW - timedelta(hours=30), "李明：电话沟通，约下周三演示"),
    (NOW - timedelta(days=3), "客户提交试用表单"),
)
SCRIPT = (
    "王主任您好，我是李明。上次说到现有设备停机较多，我按贵院的科室整理了一份切换步骤，"
    "两周内可以完成，不影响门诊。您看周三下午还是周四上午方便，我带工程师过来演示 20 分钟？"
)
ADVICE = "发送切换步骤清单，约一次现场评估（信号：想替换现有供应商）"


def sight(
    heat: Heat = Heat.GREEN,
    seen: LeadView = LEAD,
    *,
    hours: Sequence[float] = (30, 6, 2),
    version: int = 4,
) -> Sight:
    """A lead whose signals came so many hours ago."""
    labels = ("电话沟通", "打开报价", "提出预算", "下载资料")
    pulses = [
        Pulse(46.0 - 7 * place, TimeClass.MEDIUM, NOW - timedelta(hours=ago))
        for place, ago in enumerate(hours)
    ]
    energy = Energy.empty(NOW, POLICY.taus)
    for pulse in pulses:
        energy = energy.add(pulse.points, pulse.kind, pulse.at)
    names = [labels[place % len(labels)] for place in range(len(pulses))]
    return Sight(replace(seen, heat=heat), energy, heat, pulses, names, POLICY, version, NOW, ZONE)


COLD = sight(Heat.RED, hours=(190, 160))
COOLING = sight(Heat.YELLOW, hours=(110, 80))
FUSE = Fuse(
    COLD,
    NOW - timedelta(minutes=20),
    HISTORY,
    SCRIPT,
    ((4, "赵敏"), (5, "孙浩"), (6, "周婷")),
    "fuse:17",
)
OTHERS = (
    LeadView(18, "南方连锁", "陈", "总", "13900005678", owner_id=4, owner_name="赵敏"),
    LeadView(21, "北辰药业", "刘洋", "", "", owner_name=""),
    LeadView(25, "明德体检中心", "", "采购部", next_step="寄样", owner_name="孙浩"),
)
TEAM = (
    COLD,
    sight(Heat.RED, OTHERS[0], hours=(200,)),
    sight(Heat.YELLOW, OTHERS[1], hours=(100,)),
    sight(Heat.GREEN, OTHERS[2], hours=(5,)),
)


def samples() -> tuple[Sample, ...]:
    """Every view of leads and their momentum."""
    found = ("想替换现有供应商", "提到预算")
    won = replace(LEAD, owner_name="赵敏", version=4)
    lost = replace(LEAD, status=Status.LOST, reason="项目取消", version=4)
    nobody = Fuse(COLD, NOW, (), SCRIPT, (), "fuse:17")
    return (
        sample(REP, lead.captured, sight(hours=(0.5,)), found, ADVICE, known=False),
        sample(REP, lead.captured, sight(), (), ADVICE, known=True).called("merged"),
        sample(REP, lead.followed_up, sight(), "电话沟通，下周三演示", found, 41.6),
        sample(REP, lead.ask_followup, LEAD),
        sample(REP, lead.listing, TEAM, "我的线索"),
        sample(REP, lead.listing, (), "我的线索").called("empty"),
        sample(REP, momentum.detail, sight(), HISTORY, ADVICE),
        sample(REP, momentum.detail, sight(hours=()), (), ADVICE).called("quiet"),
        sample(MANAGER, momentum.team, TEAM, title="团队动能 · 华东一组"),
        sample(MANAGER, momentum.team, (), title="团队动能 · 华东一组").called("empty"),
        sample(REP, momentum.yellow, COOLING, NOW, ADVICE),
        sample(MANAGER, momentum.fuse, FUSE),
        sample(MANAGER, momentum.fuse, nobody).called("alone"),
        sample(REP, momentum.fuse_notice, FUSE, "钱进"),
        sample(REP, momentum.decided, won, "钱进改派给赵敏", NOW, ZONE, ref="fuse:17"),
        sample(
            MANAGER, momentum.decided, lost, "已放弃：项目取消", NOW, ZONE, ref="fuse:17"
        ).called("lost"),
        sample(MANAGER, momentum.recovered, LEAD, NOW, ZONE, ref="fuse:17"),
        sample(REP, momentum.rising, sight(Heat.YELLOW, hours=(40, 1)), NOW),
        sample(REP, momentum.green, sight(), NOW),
    )
