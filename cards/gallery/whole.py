"""Samples that no view makes: every block at once, the longest values, and hardly any."""

from __future__ import annotations

from cards.card import (
    AiText,
    Attachment,
    Bar,
    Block,
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
)
from cards.drawing import Bars, Cell, Curve, Grid, Level, Line, Mark
from cards.gallery.sample import ANYONE, Sample

FILES = {"gallery/quote.xlsx": b"PK\x03\x04 a quotation, for the gallery only"}
"""The bytes of the samples' attachments, by key."""

_WARMTH = Curve(
    "华东医疗 动能曲线",
    (
        Line("动能", tuple((float(hour), 80.0 - hour * 1.4) for hour in range(0, 37, 4))),
        Line("预测", tuple((float(hour), 80.0 - hour * 1.4) for hour in range(36, 53, 4)), True),
    ),
    ((0.0, "10/7"), (24.0, "10/8"), (48.0, "10/9")),
    (Level("黄色阈值", 40.0, "warn"), Level("红色阈值", 20.0, "danger")),
    (Mark("打开报价", 12.0), Mark("现在", 36.0)),
    "分",
)
_TAKINGS = Bars(
    "本周业绩与目标",
    ("周一", "周二", "周三", "周四", "周五"),
    (("业绩", (12_800, 15_600, 9_800, 17_300, 21_000)), ("目标", (15_000,) * 5)),
    "元",
)
_ROSTER = Grid(
    "人民路店 · 10-05–10-11",
    ("周一 10-05", "周二 10-06", "周三 10-07"),
    (
        ("王丽娜", (Cell("早班", "08:00–16:00", "morning"), Cell("休", "", "rest"), Cell("中班"))),
        ("张伟", (Cell("晚班", "14:00–22:00", "evening"), Cell("请假", "", "leave"), Cell("休"))),
    ),
    "覆盖率 98.5%",
)
PEOPLE = (("zhaomin", "赵敏"), ("sunhao", "孙浩"), ("zhouting", "周婷"))

# what people and machines really send, and what would break a renderer that trusts it
_MARKUP = (
    '</font><at id=all></at> **粗** [点我](javascript:alert(1)) <b>x</b> {{title}} ${a} `c` "q" \\'
)
_RTL = "עברית \u202eהפוך\u202c عربي"
_EMOJI = "👩🏽‍💼🚀𠮷"


def samples() -> tuple[Sample, ...]:
    """The samples that a renderer must survive."""
    return (
        Sample("gallery.all_blocks", ANYONE, all_blocks()),
        Sample("gallery.form", ANYONE, form()),
        Sample("gallery.longest", ANYONE, longest()),
        Sample("gallery.markup", ANYONE, markup()),
        Sample("gallery.emptiest", ANYONE, emptiest()),
        Sample("gallery.sentence", ANYONE, Card("线索 17 已由李明领取")),
        Sample("gallery.long_sentence", ANYONE, Card(f"{_EMOJI}{_RTL}{_MARKUP} " + "很长。" * 900)),
        Sample("gallery.buttons", ANYONE, many_buttons()),
    )


def all_blocks() -> Card:
    """Every kind of block and every kind of drawing."""
    return Card(
        "全部组件 · 华东医疗",
        (
            Text("一段文字。\n第二行。"),
            Fields((("负责人", "李明"), ("预算", "80 万元"), ("电话", "138****1234"))),
            Bar("动能", 0.62, "62 分 · 绿色"),
            Columns(
                (
                    (Text("左栏"), Fields((("本周", "12 条"),))),
                    (Text("右栏"), Fields((("上周", "9 条"),))),
                )
            ),
            Timeline((("10-08 14:30", "打开报价"), ("10-07 09:10", "电话沟通"))),
            Table(("编号", "公司", "动能"), (("17", "华东医疗", "62"), ("18", "南方连锁", "21"))),
            Picture("华东医疗 动能 30 分", _WARMTH),
            Picture("本周业绩与目标", _TAKINGS),
            Picture("人民路店 班表", _ROSTER),
            AiText("挽回话术（草稿）", "王主任您好，切换步骤已按贵院的科室整理好。"),
            Attachment("报价单.xlsx", "gallery/quote.xlsx"),
            Fold(
                "计算依据", (Text("由信号累加并随时间衰减得出。"), Fields((("半衰期", "48 小时"),)))
            ),
            *_asked(),
            Note("为什么收到：动能跌破 40 分。"),
        ),
        Tone.WARN,
        (
            Button("提交", "改派 17 v3", primary=True, submit=True),
            Button("我来接手", "接手 17 v3"),
            Button("放弃", "放弃 17 v3", danger=True, submit=True),
            Button("打开后台", url="https://momentum.example.com/console/"),
        ),
        ref="gallery:all",
    )


def form() -> Card:
    """Nothing but questions."""
    return Card(
        "换班申请",
        _asked(),
        buttons=(Button("提交", "换班 12 v3", primary=True, submit=True),),
        ref="gallery:form",
    )


def _asked() -> tuple[Block, ...]:
    return (
        Select("shift", "班次", (("morning", "早班"), ("evening", "晚班")), "evening"),
        PersonPick("person", "和谁换", PEOPLE),
        DatePick("day", "哪一天", "2026-10-09"),
        Input("reason", "原因", "例如：家里有事"),
        Input("more", "补充", "", "已和对方商量好", multiline=True),
    )


def longest() -> Card:
    """More of everything than any platform shows."""
    name = "中国华东（上海）自由贸易试验区医疗器械进出口贸易有限责任公司第一分公司"
    pairs = tuple((f"很长的标签名称第 {n} 项", f"{name} {n}") for n in range(30))
    rows = tuple((str(n), f"{name} {n}", f"{n} 分", "约定下一步和时间") for n in range(60))
    steps = tuple((f"10-{n:02d} 14:30", f"{_EMOJI} {name} 第 {n} 次沟通") for n in range(1, 29))
    return Card(
        f"红色熔断 · {name} · 采购与供应链管理中心 · 欧阳娜娜副主任医师 · {_EMOJI}",
        (
            Text("\n".join(f"{n}. {name}，{_RTL}" for n in range(60))),
            Fields(pairs),
            Bar("动能" * 20, 1.0, "一百分" * 30),
            Timeline(steps),
            Table(("编号", "公司", "动能", "下一步"), rows),
            AiText("挽回话术（草稿）" * 5, "王主任您好。" * 700),
            Select("rep", "改派给" * 20, tuple((str(n), f"{name} {n}") for n in range(120)), "7"),
            Input("reason", "放弃理由" * 20, "例如：项目取消" * 20),
            Note("为什么收到：动能跌破 20 分。" * 60),
        ),
        Tone.DANGER,
        (
            Button("改派给选中的同事并立即通知双方", "改派 17 v3", primary=True, submit=True),
            Button("我来接手这条线索", "接手 17 v3"),
        ),
        ref="gallery:longest",
    )


def markup() -> Card:
    """Markup, mentions, templates, right-to-left text and four-byte letters everywhere."""
    evil = f"{_MARKUP} {_RTL} {_EMOJI}"
    return Card(
        f"动能 {evil}",
        (
            Text(evil + "\n# 标题\n- 列表\n> 引用\n---\n| a | b |"),
            Fields(((evil, evil),)),
            Bar(evil, 0.5, evil),
            Timeline(((evil, evil),)),
            Table((evil, "b"), ((evil, evil),)),
            Picture(evil, Bars(evil, (evil,), ((evil, (1.0,)),), evil)),
            AiText(evil, evil),
            Fold(evil, (Text(evil),)),
            Select("pick", evil, (("a", evil), ("b", "乙"))),
            Input("say", evil, evil, evil),
            Note(evil),
        ),
        buttons=(
            Button(evil, "线索 17", submit=True),
            Button(evil, url="https://momentum.example.com/?a=1&b=<x>"),
        ),
        ref="gallery:markup",
    )


def emptiest() -> Card:
    """Blocks that have nothing to show."""
    return Card(
        "空",
        (
            Text(""),
            Fields(()),
            Fields((("电话", ""),)),
            Bar("", 0.0),
            Timeline(()),
            Table(("编号",), ()),
            Picture("", Curve("", (), ())),
            Picture("", Bars("", (), ())),
            Fold("", ()),
            Columns(((), ())),
            Select("none", "改派给", ()),
            PersonPick("whom", "和谁换"),
            Note(""),
        ),
        buttons=(Button("提交", "空", submit=True),),
    )


def many_buttons() -> Card:
    """More buttons than a platform has room for, each of another kind."""
    plain = tuple(Button(f"选项 {n}", f"选 {n}") for n in range(14))
    return Card(
        "请选择",
        (Text("每个按钮都应当还能用。"),),
        buttons=(
            Button("主要", "主要", primary=True),
            Button("危险", "危险", danger=True),
            *plain,
            Button("打开网页", url="https://momentum.example.com/h5/"),
        ),
    )
