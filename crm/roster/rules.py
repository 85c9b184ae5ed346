"""What a roster must obey: the one place that decides legality, whoever made the roster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crm.roster.measure import Measure, store_measures, worker_measures
from crm.roster.model import DAY_NAMES, OFF, Pattern, Roster, Week, Worker
from crm.roster.policy import RosterPolicy


@dataclass(frozen=True, slots=True)
class Rule:
    """How a rule is named, said and founded. `words` may use who, day, value, limit and note."""

    label: str
    words: str
    basis: str


RULES = {
    "DAY_MAX": Rule(
        "每日工时", "{who}{day}排 {value:g} 小时，上限 {limit:g} 小时", "劳动法第 36 条"
    ),
    "WEEK_MAX": Rule(
        "合同周工时", "{who}本周排 {value:g} 小时，合同上限 {limit:g} 小时", "劳动合同"
    ),
    "WEEK_CAP": Rule(
        "每周工时上限", "{who}本周排 {value:g} 小时，上限 {limit:g} 小时", "劳动法第 36 条"
    ),
    "OT_MONTH": Rule(
        "每月加班", "{who}本月加班将达 {value:g} 小时，上限 {limit:g} 小时", "劳动法第 41 条"
    ),
    "DAYS_MAX": Rule("每周上班天数", "{who}本周排 {value:g} 天，合同上限 {limit:g} 天", "劳动合同"),
    "REST_WEEK": Rule(
        "每周休息", "{who}本周只休 {value:g} 天，至少休 {limit:g} 天", "劳动法第 38 条"
    ),
    "CONSEC": Rule(
        "连续上班", "{who}到{day}连续上班 {value:g} 天，上限 {limit:g} 天", "劳动法第 38 条"
    ),
    "GAP": Rule(
        "两班间隔", "{who}{day}上班前只隔 {value:g} 小时，至少隔 {limit:g} 小时", "门店内规"
    ),
    "PART": Rule(
        "非全日制周工时", "{who}本周排 {value:g} 小时，上限 {limit:g} 小时", "劳动合同法第 68 条"
    ),
    "PART_DAY": Rule(
        "非全日制日均",
        "{who}每个上班日平均 {value:.3g} 小时，上限 {limit:g} 小时",
        "劳动合同法第 68 条",
    ),
    "PREG": Rule("孕期保护", "{who}孕 7 个月以上，{note}", "女职工劳动保护特别规定第 6 条"),
    "NURSE": Rule("哺乳期保护", "{who}在哺乳期，{note}", "女职工劳动保护特别规定第 9 条"),
    "MINOR": Rule("未成年工保护", "{who}未满 18 周岁，{note}", "未成年工特殊保护规定与门店内规"),
    "BREAK": Rule(
        "班中休息",
        "{who}{day}在店 6 小时以上，第 3–6 小时之间只休 {value:g} 分钟，须一次休 30–60 分钟",
        "门店内规",
    ),
    "LEAVE": Rule("请假", "{who}{day}已请假，不能排班", "已批准的请假"),
    "SKILL": Rule("岗位资质", "{who}{day}的班要求{note}，本人没有", "岗位要求"),
    "CERT": Rule("证书有效期", "{who}{day}的班要求{note}，证书当日无效", "执业证书有效期"),
    "UNKNOWN": Rule("班次或人员", "{note}不在本周名单里，请刷新后重排", "排班数据"),
    "LICENSE": Rule(
        "药师在岗",
        "{day}有 {value:g} 小时没有执业药师在岗（{note} 之间）",
        "药品经营和使用质量监督管理办法",
    ),
    "OPEN": Rule("开门人数", "{day}开门时只有 {value:g} 人，至少 {limit:g} 人", "门店内规"),
    "CLOSE": Rule("关门人数", "{day}关门时只有 {value:g} 人，至少 {limit:g} 人", "门店内规"),
    "KEY": Rule("钥匙", "{day}{note}时没有持钥匙的人在岗", "门店内规"),
}
STORE_CODES = frozenset({"LICENSE", "OPEN", "CLOSE", "KEY"})
"""Rules about who is in the store; all others protect one person and can always be kept."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule. `worker` or `day` is None where the rule is not about one."""

    code: str
    worker: int | None
    day: int | None
    value: float
    limit: float
    words: str
    basis: str


def check(roster: Roster, week: Week, policy: RosterPolicy) -> tuple[Violation, ...]:
    """Every rule that the roster breaks, people first, then the store; () is a legal roster.

    Judges solver output, manual edits, swaps and leave alike. Hours over `week_standard_hours`
    count as overtime of the month that the week began in.
    """
    return tuple(_told(m, week) for m in measured(roster, week, policy) if m.broken)


def measured(roster: Roster, week: Week, policy: RosterPolicy) -> Iterator[Measure]:
    """What every rule measures on this roster, kept or broken: the compliance sheet's source."""
    lines: dict[int, list[Pattern | None]] = {w.id: [None] * 7 for w in week.workers}
    known = {pattern.id: pattern for pattern in week.patterns}
    for worker_id, day, pattern_id in roster.cells:
        if worker_id in lines and pattern_id in known and 0 <= day < 7:
            lines[worker_id][day] = known[pattern_id]
        elif pattern_id != OFF:
            note = f"第 {worker_id} 号店员的班次「{pattern_id}」"
            yield Measure("UNKNOWN", worker_id, day, 1, 0, note=note)
    for worker in week.workers:
        yield from worker_measures(worker, lines[worker.id], week, policy)
    yield from store_measures([(w, lines[w.id]) for w in week.workers], week, policy)


def _told(measure: Measure, week: Week) -> Violation:
    rule = RULES[measure.code]
    worker: Worker | None = None
    if measure.worker is not None:
        worker = week.worker(measure.worker)
    in_week = measure.day is not None and 0 <= measure.day < 7
    words = rule.words.format(
        who=f"{worker.name} " if worker else "",
        day=DAY_NAMES[measure.day] if in_week and measure.day is not None else "",
        value=measure.value,
        limit=measure.limit,
        note=measure.note,
    )
    return Violation(
        measure.code,
        measure.worker,
        measure.day,
        measure.value,
        measure.limit,
        words,
        rule.basis,
    )
