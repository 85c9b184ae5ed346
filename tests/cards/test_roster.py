"""The roster's cards, read as a person would read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

from cards.card import Card, Tone, from_json, to_json
from cards.picture import png
from cards.roster import draft, grid, making, mine, not_rostered, outdated, published
from crm.roster import OFF, Roster, Solution, judge, solve
from tests.crm.roster.weeks import MONDAY, PEOPLE, POLICY, I, changed, grants, week


@cache
def demo() -> Solution:
    return solve(week(), POLICY, effort=0)


def small() -> Roster:
    return Roster.of({(1, 0): "早1", (1, 2): "晚2", (3, 0): "短早"})


def a_draft(solution: Solution | None = None) -> Card:
    return draft(week(), solution or demo(), roster_id=12, version=3, preset="保客流")


def test_a_draft_says_how_good_it_is_and_what_to_press() -> None:
    lines = a_draft().plain().splitlines()
    assert lines[:4] == [
        "排班草稿 · 人民路店 · 10-05–10-11",
        "〔图：人民路店 班表〕",
        f"客流覆盖率：{demo().coverage:.1%}",
        "违规：0 项",
    ]
    assert "与最优差距：未估计" in lines
    assert lines[6] == "最难排的三个时段"
    assert all("在岗人数：需" in line for line in lines[7:10])
    assert lines[-3:] == [
        "取向：保客流 · 草稿 v3，发布前员工看不到。有人请假或要改人手，改好后点「重排」",
        "[确认发布] 发布排班 12 v3",
        "[重排] 重排 12 v3",
    ]
    assert a_draft().tone is Tone.GOOD


def test_the_gap_is_said_in_words() -> None:
    proved = replace(demo(), bound=100.0, gap=0.0)
    assert "与最优差距：已是最优" in a_draft(proved).plain()
    assert "与最优差距：至多 2.5%" in a_draft(replace(proved, gap=0.025)).plain()


def test_a_draft_without_pharmacist_warns_and_advises() -> None:
    people = tuple(w for w in changed(2, grants=grants(I)) if w.id != 3)
    found = solve(week(people), POLICY, effort=0)
    card = draft(week(people), found, roster_id=12, version=3)
    assert card.tone is Tone.WARN
    assert "小时没有执业药师在岗" in card.plain()
    assert "建议：本周可用执业药师 1 名" in card.plain()
    assert "· 另有 2 项" in card.plain()
    assert [b.label for b in card.buttons] == ["仍要发布", "重排"]


def test_a_draft_that_wrongs_a_person_cannot_be_published() -> None:
    wronged = judge(week(), POLICY, demo().roster.moved(3, 2, "早1"))
    card = draft(week(), wronged, roster_id=12, version=3)
    assert card.tone is Tone.DANGER
    assert [b.command for b in card.buttons] == ["重排 12 v3"]
    assert "李晓燕 周三已请假，不能排班（已批准的请假）" in card.plain()


def test_a_published_week_tells_what_changed() -> None:
    after = small().moved(1, 2, OFF).moved(4, 6, "晚1")
    card = published(week(), after, roster_id=12, version=4, by="王店长", before=small())
    assert card.plain().splitlines() == [
        "班表已发布 · 人民路店 · 10-05–10-11",
        "与上一版相比改了 2 处",
        "· 王丽娜 周三：晚班 13:30–22:00 → 休",
        "· 陈思远 周日：休 → 晚班 13:30–22:00",
        "〔图：人民路店 班表〕",
        "v4 由王店长发布，已通知每位员工。员工发送「我的班」可看自己的班",
        "[我的班] 我的班",
    ]
    assert card.ref == a_draft().ref


def test_a_published_week_keeps_its_list_of_changes_short() -> None:
    same = published(week(), small(), roster_id=12, version=5, by="王店长", before=small())
    assert "没有变化" in same.plain()
    many = published(week(), demo().roster, roster_id=12, version=5, by="王", before=Roster())
    assert f"· 另有 {len(demo().roster.cells) - 8} 处" in many.plain()


def test_my_week_is_a_list() -> None:
    assert mine(PEOPLE[2], week(), small(), version=4).plain().splitlines() == [
        "我的班 · 10-05–10-11",
        "日期 | 班次 | 时间",
        "周一 10-05 | 短早 | 08:00–12:00",
        "周二 10-06 | 休 | ",
        "周三 10-07 | 请假 | ",
        "周四 10-08 | 休 | ",
        "周五 10-09 | 休 | ",
        "周六 10-10 | 休 | ",
        "周日 10-11 | 休 | ",
        "本周：1 天，4 小时（不含休息）",
        "人民路店 班表 v4。时间有冲突请尽早告诉店长，改班须您本人确认",
    ]


def test_a_late_press_is_refused_with_the_current_draft() -> None:
    assert outdated(week(), seen=1, current=3).plain() == (
        "这张班表已更新：您点的是 v1，现在是 v3。本次操作没有生效，"
        "请在 人民路店 最新的排班卡片上操作"
    )
    card = outdated(week(), seen=1, current=3, current_draft=a_draft())
    assert "请核对后再点" in card.plain()
    assert card.buttons == a_draft().buttons
    assert card.ref == a_draft().ref


def test_progress_is_replaced_by_the_draft() -> None:
    card = making(week(), roster_id=12, share=0.4)
    assert card.plain() == (
        "正在排班 · 人民路店 · 10-05–10-11\n进度：正在试排 40%\n排好后本卡片会变成草稿，不必守着"
    )
    assert card.ref == a_draft().ref


def test_an_unpublished_week_is_said_plainly() -> None:
    assert "10月12日 开始的一周班表还没发布" in not_rostered(date(2026, 10, 12)).plain()


def test_the_picture_shows_everybody_every_day() -> None:
    drawn = grid(week(), small(), foot="共 3 个班")
    assert drawn.columns[0] == f"周一 {MONDAY:%m-%d}"
    assert [name for name, _ in drawn.rows] == [worker.name for worker in PEOPLE]
    assert [(c.text, c.sub, c.tone) for c in drawn.rows[0][1][:3]] == [
        ("早班", "08:00–16:30", "morning"),
        ("休", "", "rest"),
        ("晚班", "13:30–22:00", "evening"),
    ]
    assert drawn.rows[2][1][2].text == "请假"
    assert len(png(drawn)) < 80_000


def test_cards_survive_storage() -> None:
    for card in (a_draft(), mine(PEOPLE[0], week(), small(), version=1)):
        assert from_json(to_json(card)) == card
