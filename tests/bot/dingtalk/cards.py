"""Cards that show every block, as the tests draw and send them."""

from __future__ import annotations

from cards.card import (
    AiText,
    Attachment,
    Bar,
    Button,
    Card,
    Columns,
    DatePick,
    Fields,
    Fold,
    Input,
    Note,
    PersonPick,
    Picture,
    Select,
    Table,
    Text,
    Timeline,
    Tone,
    note,
)
from cards.drawing import Bars, Cell, Curve, Grid, Line

CURVE = Curve("动能", (Line("动能", ((0.0, 0.0), (1.0, 2.0))),), ((0.0, "周一"),))
BARS = Bars("月度", ("1 月", "2 月"), (("成交", (3.0, 5.0)),))
GRID = Grid("班表", ("周一",), (("张三", (Cell("早班"),)),))
FUSE = Card(
    "红色熔断 · 华东医疗",
    (
        Text("两周没有回音。\n请今天处理。"),
        Fields((("负责人", "李娜"), ("预算", "80 万"))),
        Bar("动能", 0.12, "12 分"),
        Timeline((("10-08 09:00", "电话沟通"), ("10-06 15:00", "发送报价"))),
        Table(("日期", "班次"), (("周一", "早班"), ("周二", "晚班"))),
        AiText("挽回话术", "王主任您好，\n想听听您的顾虑。"),
        Picture("动能曲线", CURVE),
        Picture("班表", GRID),
        Note("收到此卡是因为你是主管；发送「免打扰」可停"),
    ),
    Tone.DANGER,
    (
        Button("接手", "接手 17 v3", primary=True),
        Button("放弃", "放弃 17 v3", danger=True),
        Button("打开", url="https://crm.example.com/leads/17?标签=(热)"),
    ),
    ref="fuse:17",
)
REASSIGN = Card(
    "改派线索",
    (Select("rep", "改派给", (("7", "赵敏"), ("8", "李雷")), "8"),),
    buttons=(Button("改派", "改派 17 v3", submit=True), Button("取消", "取消 17")),
    ref="lead:17",
)
LEAVE = Card(
    "换班申请",
    (
        Select("day", "日期", (("周一", "周一"), ("周二", "周二"))),
        Input("why", "原因", "一句话", multiline=True),
    ),
    buttons=(
        Button("同意", "同意 9", submit=True, primary=True),
        Button("拒绝", "拒绝 9", submit=True, danger=True),
    ),
    ref="swap:9",
)
VISIT = Card(
    "拜访安排",
    (
        Columns(((Text("左栏"),), (Text("右栏"), Picture("月度", BARS)))),
        Fold("历史记录", (Timeline((("10-08", "电话沟通"),)), Attachment("账单.xlsx", "bills"))),
        Attachment("说明.txt", "notes"),
        PersonPick("who", "同行人", (("staff01", "李娜"), ("staff02", "王强"))),
        PersonPick("boss", "主管"),
        DatePick("day", "日期", "2026-03-05"),
    ),
    buttons=(Button("提交", "拜访 17", submit=True),),
    ref="visit:17",
)
CARDS = {
    "visit": VISIT,
    "fuse": FUSE,
    "reassign": REASSIGN,
    "leave": LEAVE,
    "sentence": note("没有找到线索 17"),
}
