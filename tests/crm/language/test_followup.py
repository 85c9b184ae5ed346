from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from crm.language import Subject, channel, followup, split_subject

NOW = datetime(2026, 3, 4, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Wednesday


@pytest.mark.parametrize(
    ("text", "how", "note", "step", "due"),
    [
        ("电话沟通，下周三演示", "电话", "电话沟通", "演示", "03-11 09:00"),
        ("电话沟通下周三演示", "电话", "电话沟通", "演示", "03-11 09:00"),
        (
            "今天上午电话沟通了，客户说月底前定",
            "电话",
            "今天上午电话沟通了",
            "客户说月底前定",
            "03-31 18:00",
        ),
        (
            "拜访了王主任，聊了预算，约了下周三下午3点演示",
            "拜访",
            "拜访了王主任，聊了预算",
            "演示",
            "03-11 15:00",
        ),
        ("微信發了資料", "微信", "微信發了資料", "", None),
        ("明天上门拜访", "", "", "上门拜访", "03-05 09:00"),
        ("发邮件报价，下一步：确认合同", "邮件", "发邮件报价", "确认合同", None),
        ("昨天拜访，反馈不错；三天内给报价", "拜访", "昨天拜访，反馈不错", "给报价", "03-07 18:00"),
        ("开会讨论了方案，约下周", "会议", "开会讨论了方案", "跟进", "03-09 09:00"),
        ("打了电话没人接", "电话", "打了电话没人接", "", None),
        ("", "", "", "", None),
    ],
)
def test_what_was_done_is_told_from_what_comes(
    text: str, how: str, note: str, step: str, due: str | None
) -> None:
    got = followup(text, NOW)
    assert (got.channel, got.note, got.next_step) == (how, note, step)
    assert (f"{got.next_step_at:%m-%d %H:%M}" if got.next_step_at else None) == due


@pytest.mark.parametrize(
    ("text", "how"),
    [("企業微信聊過", "微信"), ("上門面談", "拜访"), ("发了Email", "邮件"), ("好的", "")],
)
def test_the_channel_in_words(text: str, how: str) -> None:
    assert channel(text) == how


KNOWN = ["华东医疗", "华东医疗器械有限公司", "仁爱大药房", "卓越软件", "卓远软件", "A"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("华东医疗 电话沟通", Subject("华东医疗", "电话沟通", True)),
        ("华东医疗，电话沟通", Subject("华东医疗", "电话沟通", True)),
        ("華東醫療 電話", Subject("华东医疗", "電話", True)),
        ("华东医疗器械有限公司电话", Subject("华东医疗器械有限公司", "电话", True)),
        ("华东医疗器械 电话", Subject("华东医疗器械有限公司", "电话", False)),
        ("华东医聊 电话", Subject("华东医疗", "电话", False)),
        ("仁爱药房 拜访", Subject("仁爱大药房", "拜访", False)),
        ("仁爱大要房拜访", Subject("仁爱大药房", "拜访", False)),
        ("卓越软件", Subject("卓越软件", "", True)),
        ("卓软件 电话", None),
        ("华东 电话", None),
        ("电话沟通", None),
        ("", None),
    ],
)
def test_a_sentence_begins_with_whom_it_is_about(text: str, expected: Subject | None) -> None:
    assert split_subject(text, KNOWN) == expected
