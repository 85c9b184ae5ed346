"""What store managers and staff see of a week's roster."""

from __future__ import annotations

from datetime import date

from cards.card import Bar, Block, Button, Card, Fields, Note, Picture, Table, Text, Tone
from cards.drawing import Cell, Grid
from crm.roster import (
    DAY_NAMES,
    DAYS,
    OFF,
    STORE_CODES,
    Hardest,
    Roster,
    Solution,
    Week,
    Worker,
    hours_words,
    skill_name,
)

_CHANGES_SHOWN = 8


def draft(
    week: Week, solution: Solution, *, roster_id: int, version: int, preset: str = ""
) -> Card:
    """A finished draft for the store manager: how good, where it is thin, publish or redo."""
    personal = [v for v in solution.violations if v.code not in STORE_CODES]
    blocks: list[Block] = [
        Picture(f"{week.shop.name} 班表", grid(week, solution.roster, foot=_foot(week, solution))),
        Fields(
            (
                ("客流覆盖率", f"{solution.coverage:.1%}"),
                ("违规", f"{len(solution.violations)} 项"),
                ("与最优差距", _gap(solution)),
                ("总工时", hours_words(sum(person.minutes for person in solution.people))),
            )
        ),
        Text("最难排的三个时段\n" + "\n".join(_hard(slot) for slot in solution.hardest)),
    ]
    if solution.violations:
        blocks.insert(0, Text(_wrong(solution)))
    told = f"取向：{preset} · " if preset else ""
    blocks.append(
        Note(f"{told}草稿 v{version}，发布前员工看不到。有人请假或要改人手，改好后点「重排」")
    )
    return Card(
        f"排班草稿 · {week.shop.name} · {_span(week)}",
        tuple(blocks),
        Tone.DANGER if personal else Tone.WARN if solution.violations else Tone.GOOD,
        _draft_buttons(roster_id, version, personal=bool(personal), bare=bool(solution.violations)),
        ref=f"roster:{roster_id}",
    )


def published(
    week: Week,
    roster: Roster,
    *,
    roster_id: int,
    version: int,
    by: str,
    before: Roster | None = None,
) -> Card:
    """The published week; with `before`, what changed since that version."""
    blocks: list[Block] = [Picture(f"{week.shop.name} 班表", grid(week, roster))]
    if before is not None:
        blocks.insert(0, Text(_changed(week, before, roster)))
    blocks.append(Note(f"v{version} 由{by}发布，已通知每位员工。员工发送「我的班」可看自己的班"))
    return Card(
        f"班表已发布 · {week.shop.name} · {_span(week)}",
        tuple(blocks),
        Tone.GOOD,
        (Button("我的班", "我的班"),),
        ref=f"roster:{roster_id}",
    )


def mine(
    worker: Worker,
    week: Week,
    roster: Roster,
    *,
    version: int,
    buttons: tuple[Button, ...] = (),
) -> Card:
    """One person's own week, as a list a phone can read; `buttons` are what they may do."""
    line = [week.pattern(pattern_id) for pattern_id in roster.line(worker.id)]
    minutes = sum(pattern.paid_minutes for pattern in line if pattern)
    rows = tuple(
        (
            f"{DAY_NAMES[day]} {week.date(day):%m-%d}",
            pattern.label if pattern else _free(worker, week, day).text,
            pattern.hours if pattern else "",
        )
        for day, pattern in enumerate(line)
    )
    days = sum(pattern is not None for pattern in line)
    return Card(
        f"我的班 · {_span(week)}",
        (
            Table(("日期", "班次", "时间"), rows),
            Fields((("本周", f"{days} 天，{hours_words(minutes)}（不含休息）"),)),
            Note(f"{week.shop.name} 班表 v{version}。时间有冲突请尽早告诉店长，改班须您本人确认"),
        ),
        Tone.INFO,
        buttons,
        ref=f"my-roster:{worker.id}:{week.monday:%Y%m%d}",
    )


def not_rostered(monday: date) -> Card:
    """Said to somebody who asks for a week that is not published yet."""
    return Card(f"{monday:%m月%d日} 开始的一周班表还没发布。店长发布后会立刻通知您")


def outdated(week: Week, *, seen: int, current: int, current_draft: Card | None = None) -> Card:
    """Refuse a press on an older version; with the current card, show that instead."""
    words = f"这张班表已更新：您点的是 v{seen}，现在是 v{current}。本次操作没有生效"
    if current_draft is None:
        return Card(f"{words}，请在 {week.shop.name} 最新的排班卡片上操作")
    return Card(
        current_draft.title,
        (Text(f"{words}，请核对后再点"), *current_draft.blocks),
        Tone.WARN,
        current_draft.buttons,
        current_draft.ref,
    )


def making(week: Week, *, roster_id: int, share: float, words: str = "正在试排") -> Card:
    """Progress of a run; `share` in [0, 1]. The finished draft takes this card's place."""
    return Card(
        f"正在排班 · {week.shop.name} · {_span(week)}",
        (Bar("进度", share, f"{words} {share:.0%}"), Note("排好后本卡片会变成草稿，不必守着")),
        ref=f"roster:{roster_id}",
    )


def grid(week: Week, roster: Roster, *, foot: str = "") -> Grid:
    """The week's roster as a drawing: a row a person, a column a day."""
    columns = tuple(f"{DAY_NAMES[day]} {week.date(day):%m-%d}" for day in range(DAYS))
    rows = tuple((worker.name, _row(week, worker, roster)) for worker in week.workers)
    return Grid(f"{week.shop.name} · {_span(week)}", columns, rows, foot)


def _row(week: Week, worker: Worker, roster: Roster) -> tuple[Cell, ...]:
    line = [week.pattern(pattern_id) for pattern_id in roster.line(worker.id)]
    return tuple(
        Cell(pattern.label, pattern.hours, pattern.kind) if pattern else _free(worker, week, day)
        for day, pattern in enumerate(line)
    )


def _free(worker: Worker, week: Week, day: int) -> Cell:
    on_leave = week.date(day) in worker.leave
    return Cell("请假", tone="leave") if on_leave else Cell("休", tone="rest")


def _draft_buttons(
    roster_id: int, version: int, *, personal: bool, bare: bool
) -> tuple[Button, ...]:
    """A roster that breaks a person's protection cannot be published at all."""
    redo = Button("重排", f"重排 {roster_id} v{version}", primary=personal)
    if personal:
        return (redo,)
    label = "仍要发布" if bare else "确认发布"
    publish = Button(label, f"发布排班 {roster_id} v{version}", primary=not bare, danger=bare)
    return publish, redo


def _wrong(solution: Solution) -> str:
    """What is broken, at most five lines, and what to do about it."""
    lines = [f"· {violation.words}（{violation.basis}）" for violation in solution.violations]
    more = [f"· 另有 {len(lines) - 5} 项"] if len(lines) > 5 else []
    doing = [f"建议：{words}" for words in solution.advice]
    return "\n".join(["这份草稿有以下问题，请先处理：", *lines[:5], *more, *doing])


def _hard(slot: Hardest) -> str:
    what = skill_name(slot.skill)
    return f"· {slot.when} {what}：需 {slot.need} 人，有 {slot.have} 人（{slot.why}）"


def _gap(solution: Solution) -> str:
    if solution.gap < 0.0005:
        return "已是最优"
    return f"至多 {solution.gap:.1%}" if solution.bound > 0 else "未估计"


def _foot(week: Week, solution: Solution) -> str:
    shown = {
        (p.label, p.hours): None
        for _, _, pattern_id in solution.roster.cells
        if (p := week.pattern(pattern_id))
    }
    people = sum(person.days for person in solution.people)
    return f"共 {people} 个班 · {len(shown)} 种时间 · 覆盖率 {solution.coverage:.1%}"


def _changed(week: Week, before: Roster, after: Roster) -> str:
    changes = before.changes(after)
    lines = [
        f"· {_name(week, worker_id)} {DAY_NAMES[day]}：{_shift(week, old)} → {_shift(week, new)}"
        for worker_id, day, old, new in changes[:_CHANGES_SHOWN]
    ]
    if not lines:
        return "与上一版相比没有变化"
    rest = len(changes) - len(lines)
    more = [f"· 另有 {rest} 处"] if rest else []
    return "\n".join([f"与上一版相比改了 {len(changes)} 处", *lines, *more])


def _name(week: Week, worker_id: int) -> str:
    worker = week.worker(worker_id)
    return worker.name if worker else f"第 {worker_id} 号店员"


def _shift(week: Week, pattern_id: str) -> str:
    pattern = week.pattern(pattern_id)
    if pattern is None:
        return "休" if pattern_id == OFF else pattern_id
    return f"{pattern.label} {pattern.hours}"


def _span(week: Week) -> str:
    return f"{week.date(0):%m-%d}–{week.date(DAYS - 1):%m-%d}"
