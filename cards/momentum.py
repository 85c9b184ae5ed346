"""Momentum for people: the curve, the warnings, the decision about a lead that is being lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cards.card import (
    AiText,
    Bar,
    Block,
    Button,
    Card,
    Fields,
    Input,
    Note,
    Picture,
    Select,
    Table,
    Text,
    Timeline,
    Tone,
)
from cards.drawing import Curve, Level, Line, Mark
from crm.lead import LeadView, money
from crm.momentum import Energy, Heat, MomentumPolicy, Pulse, next_change, traced

HEAT_TONE = {Heat.GREEN: Tone.GOOD, Heat.YELLOW: Tone.WARN, Heat.RED: Tone.DANGER}
FULL = 100.0  # points
POINTS = 97  # samples of a curve: one every hour of four days
_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class Sight:
    """A lead's momentum at `now`, with all that a view needs to show it."""

    lead: LeadView
    energy: Energy
    heat: Heat
    pulses: Sequence[Pulse]
    labels: Sequence[str]  # what each pulse was
    policy: MomentumPolicy
    policy_version: int
    now: datetime
    zone: ZoneInfo

    @property
    def points(self) -> float:
        """As people see it, 0 to 100: beyond that a lead cannot be warmer."""
        return min(FULL, self.energy.momentum(self.now))

    @property
    def top(self) -> tuple[datetime, float]:
        """The highest point ahead: when, and how many points of 100."""
        at, points = self.energy.peak(self.now)
        return at, min(FULL, points)


@dataclass(frozen=True, slots=True)
class Fuse:
    """All that a manager needs to decide about a lead that is being lost."""

    sight: Sight
    at: datetime
    history: Sequence[tuple[datetime, str]]
    script: str
    colleagues: Sequence[tuple[int, str]]
    ref: str


def when(moment: datetime, zone: ZoneInfo) -> str:
    """A time as colleagues say it: "10月8日 周三 14:30"."""
    local = moment.astimezone(zone)
    return f"{local.month}月{local.day}日 周{_WEEKDAYS[local.weekday()]} {local:%H:%M}"


def short(moment: datetime, zone: ZoneInfo) -> str:
    """A time for a list: "10-08 14:30"."""
    return f"{moment.astimezone(zone):%m-%d %H:%M}"


def outlook(seen: Sight) -> str:
    """What will happen if nobody does anything."""
    at, top = seen.top
    parts = []
    if at - seen.now > timedelta(minutes=5):
        parts.append(f"预计 {short(at, seen.zone)} 达到峰值 {top:.0f} 分")
    coming = next_change(seen.heat, seen.energy, seen.now, seen.policy)
    if coming and coming.at > seen.now:
        then = short(coming.at, seen.zone)
        if seen.heat is Heat.RED or coming.heat is Heat.GREEN:  # the only way from there is up
            parts.append(f"预计 {then} 回升到{coming.heat.label[:2]}")
        else:
            parts.append(f"无新动作则 {then} 转为{coming.heat.label}")
    return "；".join(parts) or ("能量已耗尽，跟进一次即可回升" if seen.points < 1 else "保持平稳")


def bar(seen: Sight) -> Bar:
    """Where it stands; a rising one says where to, since every signal begins at nothing."""
    at, top = seen.top
    words = f"{seen.points:.0f} 分"
    if at - seen.now > timedelta(minutes=5) and top - seen.points >= 1:
        words = f"{words if seen.points >= 1 else '刚起步'}，升向 {top:.0f} 分"
    words = f"{words} · {seen.heat.label}"
    return Bar("动能", min(1.0, max(seen.points, 0.0) / 100), words)


def curve(seen: Sight, *, back: timedelta = timedelta(hours=24)) -> Picture:
    """The curve from its signals until now, and what lies ahead, with the thresholds."""
    start = max(seen.now - back, min((pulse.at for pulse in seen.pulses), default=seen.now))
    end = start + timedelta(hours=96)
    step = (end - start) / (POINTS - 1)
    times = sorted({*(start + step * k for k in range(POINTS)), seen.now})
    sampled = traced(seen.pulses, times, seen.policy)

    def x(moment: datetime) -> float:
        return (moment - start) / timedelta(hours=1)

    past = tuple((x(at), round(min(FULL, y), 2)) for at, y in sampled if at <= seen.now)
    ahead = tuple((x(at), round(min(FULL, y), 2)) for at, y in sampled if at >= seen.now)
    lines: tuple[Line, ...] = (Line("预测", ahead, dashed=True),)
    if len(past) > 1:
        lines = (Line("动能", past), *lines)
    marks = [
        Mark(label, round(x(pulse.at), 2))
        for pulse, label in zip(seen.pulses, seen.labels, strict=True)
        if start < pulse.at <= seen.now
    ]
    drawing = Curve(
        f"{seen.lead.company} 动能曲线",
        lines,
        _ticks(start, end, seen.zone),
        (
            Level(f"黄色阈值 {seen.policy.yellow_below:g}", seen.policy.yellow_below, "warn"),
            Level(f"红色阈值 {seen.policy.red_below:g}", seen.policy.red_below, "danger"),
        ),
        (*marks[-4:], Mark("现在", round(x(seen.now), 2))),
        "分",
    )
    return Picture(f"{seen.lead.company} 动能 {seen.points:.0f} 分，{outlook(seen)}", drawing)


def detail(seen: Sight, history: Iterable[tuple[datetime, str]], advice: str) -> Card:
    """动能 <公司>: where a lead stands, why, and what to do."""
    return Card(
        f"动能 · {seen.lead.name}",
        (
            bar(seen),
            Fields((("走势", outlook(seen)), ("负责人", seen.lead.owner_name or "公海"))),
            curve(seen),
            Timeline(_timeline(history, seen.zone)),
            Text(f"建议：{advice}"),
            _made_by(seen),
        ),
        HEAT_TONE[seen.heat],
        (Button("记录跟进", f"跟进 {seen.lead.id}", primary=True),),
    )


def team(rows: Sequence[Sight], *, title: str) -> Card:
    """动能 团队: how many in each state, and whom to call first."""
    counts = {heat: sum(seen.heat is heat for seen in rows) for heat in Heat}
    urgent = sorted(rows, key=lambda seen: (seen.heat is not Heat.RED, seen.points))
    urgent = [seen for seen in urgent if seen.heat is not Heat.GREEN][:8]
    table = Table(
        ("线索", "负责人", "动能", "走势"),
        tuple(
            (
                seen.lead.company,
                seen.lead.owner_name or "公海",
                f"{seen.points:.0f} 分 {seen.heat.label[:2]}",
                outlook(seen).split("；")[-1],
            )
            for seen in urgent
        ),
    )
    blocks: list[Block] = [
        Fields(tuple((heat.label, f"{counts[heat]} 条") for heat in Heat)),
    ]
    blocks += [Text("最该先联系的："), table] if urgent else [Text("全部线索都在绿色，保持节奏。")]
    return Card(title, tuple(blocks), Tone.DANGER if counts[Heat.RED] else Tone.INFO)


def yellow(seen: Sight, at: datetime, advice: str) -> Card:
    """To the rep: this lead has just begun to cool; one step keeps it."""
    return Card(
        f"黄色预警 · {seen.lead.name}",
        (
            bar(seen),
            Fields(
                (
                    ("发生时间", when(at, seen.zone)),
                    ("上次跟进", _touched(seen)),
                    ("接下来", outlook(seen)),
                )
            ),
            curve(seen),
            Text(f"建议：{advice}"),
            Note(f"为什么提醒：动能跌破 {seen.policy.yellow_below:g} 分。跟进一次即可回升。"),
        ),
        Tone.WARN,
        (Button("记录跟进", f"跟进 {seen.lead.id}", primary=True),),
    )


def fuse(facts: Fuse) -> Card:
    """To the manager: this lead is about to be lost; decide."""
    seen, lead = facts.sight, facts.sight.lead
    stamp = f"{lead.id} v{lead.version}"
    pairs = [("负责人", lead.owner_name or "公海"), ("熔断时间", when(facts.at, seen.zone))]
    if lead.budget_fen:
        pairs.append(("预算", money(lead.budget_fen)))
    if lead.masked_mobile:
        pairs.append(("电话", lead.masked_mobile))
    pairs.append(("上次跟进", _touched(seen)))
    return Card(
        f"红色熔断 · {lead.name}",
        (
            bar(seen),
            Fields(tuple(pairs)),
            curve(seen),
            Timeline(_timeline(facts.history, seen.zone)),
            AiText("挽回话术（草稿）", facts.script),
            Select("rep", "改派给", tuple((str(who), name) for who, name in facts.colleagues)),
            Input("reason", "放弃理由", "放弃时必填，例如：项目取消"),
            Note(f"为什么收到：动能跌破 {seen.policy.red_below:g} 分。选「稍后提醒」可暂缓。"),
        ),
        Tone.DANGER,
        (
            Button("改派", f"改派 {stamp}", primary=True, submit=True),
            Button("我来接手", f"接手 {stamp}"),
            Button("稍后提醒", f"稍后 {stamp}"),
            Button("放弃", f"放弃 {stamp}", danger=True, submit=True),
        ),
        ref=facts.ref,
    )


def fuse_notice(facts: Fuse, manager: str) -> Card:
    """To the owner: the manager is deciding; the same card changes when it is decided."""
    seen = facts.sight
    return Card(
        f"红色熔断 · {seen.lead.name}",
        (
            bar(seen),
            Fields((("熔断时间", when(facts.at, seen.zone)), ("处理人", manager or "待定"))),
            Note("经理处理后，这张卡片会更新。您也可以现在跟进，动能会回升。"),
        ),
        Tone.DANGER,
        (Button("记录跟进", f"跟进 {seen.lead.id}", primary=True),),
        ref=facts.ref,
    )


def decided(lead: LeadView, deed: str, at: datetime, zone: ZoneInfo, *, ref: str) -> Card:
    """To everyone who has the fuse card: what was decided, by whom, and who acts now."""
    return Card(
        f"已处理 · {lead.name}",
        (
            Fields(
                (
                    ("结果", deed),
                    ("时间", when(at, zone)),
                    ("现负责人", lead.owner_name or "公海"),
                    ("状态", lead.status.label),
                )
            ),
            Note(f"发送「动能 {lead.company}」查看最新曲线。"),
        ),
        Tone.INFO,
        ref=ref,
    )


def rising(seen: Sight, at: datetime) -> Card:
    """To the owner: out of the red, not yet safe; no warning, for something was done."""
    return Card(
        f"正在回升 · {seen.lead.name}",
        (
            bar(seen),
            Fields((("脱离红色", when(at, seen.zone)), ("接下来", outlook(seen)))),
            Note(f"回到 {seen.policy.green_from:g} 分即恢复绿色，再跟进一次更稳妥。"),
        ),
        Tone.INFO,
        (Button("记录跟进", f"跟进 {seen.lead.id}", primary=True),),
    )


def recovered(lead: LeadView, at: datetime, zone: ZoneInfo, *, ref: str) -> Card:
    """To everyone who has an undecided fuse card: nothing is left to decide."""
    return Card(
        f"已回升 · {lead.name}",
        (
            Fields((("回升时间", when(at, zone)), ("负责人", lead.owner_name or "公海"))),
            Note("负责人已跟进，线索脱离红色，无需再处理。"),
        ),
        Tone.GOOD,
        ref=ref,
    )


def green(seen: Sight, at: datetime) -> Card:
    """To the owner: it worked."""
    return Card(
        f"回到绿色 · {seen.lead.name}",
        (bar(seen), Fields((("恢复时间", when(at, seen.zone)), ("接下来", outlook(seen))))),
        Tone.GOOD,
    )


def _touched(seen: Sight) -> str:
    last = seen.lead.last_touch_at
    if last is None:
        return "还没有跟进过"
    hours = (seen.now - last) / timedelta(hours=1)
    ago = f"{hours / 24:.0f} 天前" if hours >= 36 else f"{hours:.0f} 小时前"
    return f"{short(last, seen.zone)}（{ago}）"


def _timeline(
    history: Iterable[tuple[datetime, str]], zone: ZoneInfo
) -> tuple[tuple[str, str], ...]:
    return tuple((short(at, zone), words) for at, words in history)


def _made_by(seen: Sight) -> Note:
    version = f"配置版本 v{seen.policy_version}" if seen.policy_version else "出厂配置"
    return Note(f"由信号累加并随时间衰减得出，{version}。")


def _ticks(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[tuple[float, str], ...]:
    """Midnights within the span, in the reader's zone."""
    local = start.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    ticks = []
    while midnight <= end:
        ticks.append(((midnight - start) / timedelta(hours=1), f"{midnight.month}/{midnight.day}"))
        midnight += timedelta(days=1)
    return tuple(ticks)
