"""Leads for people: captured, followed up, listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cards.card import Button, Card, Fields, Note, Table, Text, Tone
from cards.momentum import Sight, bar, curve, outlook, when
from crm.lead import LeadView, money


def captured(seen: Sight, found: Sequence[str], advice: str, *, known: bool) -> Card:
    """A lead has come in; with what was understood, so that it can be corrected."""
    lead = seen.lead
    facts = [("公司", lead.company), ("联系人", lead.person or "—")]
    facts.append(("电话", lead.masked_mobile or "—"))
    facts.append(("预算", money(lead.budget_fen) if lead.budget_fen else "—"))
    facts.append((f"信号 {len(found)} 个", "、".join(found) or "暂无"))
    return Card(
        f"{'已合并到原线索' if known else '线索已登记'} · {lead.name}",
        (
            bar(seen),
            Fields(tuple(facts)),
            curve(seen),
            Text(f"走势：{outlook(seen)}"),
            Text(f"下一步：{advice}"),
            Note(f"线索号 {lead.id}。以后说公司名或线索号都可以。"),
        ),
        Tone.GOOD,
        (
            Button("记录跟进", f"跟进 {lead.id}", primary=True),
            Button("看动能", f"动能 {lead.id}"),
        ),
    )


def followed_up(
    seen: Sight, note: str, found: Sequence[str], before: float, *, is_timed: bool = True
) -> Card:
    """A touch was recorded: the next step with its date, and what it did to the momentum.

    `before` is the peak that was ahead without it. `is_timed`: an hour was said, not only a day.
    """
    lead = seen.lead
    _, top = seen.top
    facts = [("内容", note)]
    if lead.next_step:
        due = when(lead.next_step_at, seen.zone) if lead.next_step_at else "未定时间"
        due = due if is_timed or not lead.next_step_at else due.rpartition(" ")[0]
        facts.append(("下一步", f"{lead.next_step} · {due}"))
    if found:
        facts.append(("新信号", "、".join(found)))
    facts.append(("预计峰值", f"{before:.0f} → {top:.0f} 分"))
    return Card(
        f"跟进已记录 · {lead.name}",
        (bar(seen), Fields(tuple(facts)), curve(seen), Text(f"走势：{outlook(seen)}")),
        Tone.GOOD,
        (Button("看动能", f"动能 {lead.id}"),),
    )


def ask_followup(lead: LeadView) -> Card:
    """The button was pressed: what to type."""
    return Card(
        f"跟进 {lead.name}：请发送「跟进 {lead.company} 」加上沟通内容，"
        f"例如「跟进 {lead.company} 电话沟通，下周三演示」"
    )


def listing(rows: Iterable[Sight], title: str) -> Card:
    """我的线索: hottest trouble first."""
    rows = list(rows)
    if not rows:
        return Card(
            "您名下还没有线索。发送「新线索 公司 联系人 电话 需求」登记第一条，"
            "例如「新线索 华东医疗 王主任 13800001234 预算80万」"
        )
    table = Table(
        ("编号", "公司", "动能", "下一步"),
        tuple(
            (
                str(seen.lead.id),
                seen.lead.company,
                f"{seen.points:.0f} {seen.heat.label[:2]}",
                seen.lead.next_step or "—",
            )
            for seen in rows[:10]
        ),
    )
    more = f"共 {len(rows)} 条" + ("，显示最需要处理的 10 条" if len(rows) > 10 else "")
    return Card(title, (table, Note(f"{more}。发送「动能 公司名」看详情。")))
