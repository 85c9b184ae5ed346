"""Cards the tests draw and send."""

from __future__ import annotations

from cards.card import (
    AiText,
    Bar,
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
from cards.drawing import Cell, Curve, Grid, Level, Line, Mark

CURVE = Curve(
    "动能走势",
    (
        Line("动能", ((0.0, 80.0), (1.0, 60.0), (3.0, 42.0))),
        Line("预计", ((3.0, 42.0), (6.0, 12.0)), dashed=True),
    ),
    ((0.0, "周一"), (3.0, "周四"), (6.0, "周日")),
    (Level("黄线", 40.0), Level("红线", 20.0, "danger")),
    (Mark("现在", 3.0),),
    "分",
)
ROSTER = Grid("班表", ("周一",), (("张三", (Cell("早班", "8 时", "good"),)),))

FULL = Card(
    "动能日报 · 华东医疗",
    (
        Text("本周沟通 3 次，\n客户希望下周看方案。"),
        Fields((("负责人", "李娜"), ("预算", "80 万"), ("需求", "三院合并后统一采购的影像系统"))),
        Bar("动能", 0.42, "42 分"),
        Bar("资料完整度", 1.0),
        Timeline((("03-02 09:00", "电话沟通"), ("02-27 15:30", "发送报价"))),
        Table(("日期", "班次"), (("周一", "早班"), ("周二", "晚班"))),
        AiText("挽回话术", "王主任您好，方案已按三院流程调整。"),
        Picture("动能曲线", CURVE),
        Picture("本周班表", ROSTER),
        Note("因动能低于 45 分发出 · 策略 v12"),
    ),
    Tone.GOOD,
    (Button("打开客户", url="https://crm.example.cn/lead/17"), Button("静默一周", "静默 17")),
    ref="momentum:17",
)

DECISION = Card(
    "红色熔断 · 华东医疗",
    (
        Text("动能 12 分，已跌破红线。"),
        Select("rep", "改派给", (("7", "赵敏"), ("9", "李雷")), chosen="9"),
        Input("why", "原因", "写一句给接手的人", "", multiline=True),
        Note("24 小时内无人处理将回到公海"),
    ),
    Tone.DANGER,
    (
        Button("改派", "改派 17 v3", primary=True, submit=True),
        Button("接手", "接手 17 v3"),
        Button("放弃", "放弃 17 v3", danger=True),
    ),
    ref="fuse:17",
)

SENTENCE = Card('线索 17 已由李娜领取 <at user_id="all"></at>')

EVIL = "<at id=all></at> **粗** [钓鱼](https://evil.cn) `x` _y_ ~z~ # 1 & <b> | :OK:"
HOSTILE = Card(
    EVIL,
    (
        Text(EVIL),
        Note(EVIL),
        Fields(((EVIL, EVIL), ("", f"- {EVIL}\n1. {EVIL}"))),
        Bar(EVIL, float("nan"), EVIL),
        Timeline(((EVIL, EVIL),)),
        Table((EVIL,), ((EVIL,),)),
        AiText(EVIL, EVIL),
        Picture(EVIL, Curve(EVIL, (Line(EVIL, ((0.0, 1.0),)),), ((0.0, EVIL),))),
        Picture(EVIL, ROSTER),
        Select("s", EVIL, ((EVIL, EVIL),)),
        Input("i", EVIL, EVIL, EVIL),
    ),
    buttons=(Button(EVIL, "x", submit=True), Button(EVIL, "x")),
)

HUGE = Card(
    "长" * 500,
    (
        *(Text("字" * 9_000) for _ in range(30)),
        *(Table(tuple("abcdef"), (("格" * 100,) * 6,) * 300) for _ in range(5)),
        Timeline((("周一", "事" * 300),) * 300),
        Fields((("标签", "值" * 50),) * 300),
        *(Bar("比", 0.3) for _ in range(100)),
        *(Picture("图", CURVE) for _ in range(8)),
        *(Select(f"s{i}", "选", tuple((f"{j}", "人" * 30) for j in range(300))) for i in range(20)),
    ),
    buttons=tuple(Button(f"钮{i}", f"做 {i}", submit=i % 2 == 0) for i in range(40)),
)
