"""Cards for the tests: one with everything, and any card that could be made."""

from __future__ import annotations

from hypothesis import strategies as st

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
from cards.drawing import Curve, Line

CURVE = Curve("动能", (Line("动能", ((0.0, 80.0), (1.0, 12.0))),), ((0.0, "周一"), (1.0, "周二")))
PICTURE = Picture("动能曲线", CURVE)

EVERYTHING = Card(
    title="红色熔断 · 华东医疗",
    blocks=(
        Fields((("负责人", "李娜"), ("预计签约金额", "80 万"), ("阶段", ""))),
        Bar("动能", 0.62, "62 分"),
        PICTURE,
        Text("三天没有联系，客户打开过两次报价。"),
        Timeline(
            tuple((f"03-0{n} 09:00", f"第 {n} 次跟进，客户仍在比较三家方案") for n in range(1, 8))
        ),
        Table(("日期", "班次"), (("周一", "早班"), ("周二", "晚班"))),
        AiText("挽回话术", "王主任您好，上次提到的交期我们已经落实。"),
        Select("rep", "改派给", (("7", "赵敏"), ("8", "周强")), chosen="8"),
        Input("why", "原因", "一句话"),
        Note("动能跌破红线时提醒 · 回复「免打扰」停止"),
    ),
    tone=Tone.DANGER,
    buttons=(
        Button("接手", "接手 17 v3", primary=True, submit=True),
        Button("改派", "改派 17", submit=True),
        Button("误报", "误报 17", danger=True),
        Button("打开线索", url="https://crm.example.com/h5/leads/17"),
    ),
    ref="fuse:17",
)
DECISION = Card(
    "折扣审批 · 8.2 折",
    (
        Fields((("客户", "华东医疗"), ("毛利", "21%"))),
        Select("level", "批准到", (("82", "8.2 折"), ("85", "8.5 折")), chosen="85"),
    ),
    Tone.WARN,
    (
        Button("批准", "批准 88 v3", primary=True, submit=True),
        Button("驳回", "驳回 88 v3", danger=True),
    ),
    ref="quote:88",
)
DECIDED = Card("折扣审批 · 已批准", (Fields((("批准人", "王强"),)),), Tone.GOOD, ref="quote:88")
REASSIGN = Card(
    "改派 · 华东医疗",
    (
        Text("请选择新的负责人和交接日。"),
        Select("rep", "负责人", (("7", "赵敏"), ("8", "周强"))),
        Select("day", "交接日", (("1", "今天"), ("2", "明天"))),
    ),
    buttons=(Button("提交", "改派 17", submit=True), Button("取消", "取消 17")),
)
MENU = Card("更多", (), Tone.INFO, tuple(Button(f"动作{n}", f"动作 {n}") for n in range(11)))
READING = Card(
    "周报 · 第 10 周",
    (
        Fields((("新增线索", "32"),)),
        Text('# 不是标题\n**不是粗体** [不是链接](http://x) <font color="info">不是颜色</font>'),
        Table(("门店", "成交"), (("人民广场", "7"),)),
        AiText("小结", "本周动能整体上升。"),
        Note("每周一发送"),
    ),
    Tone.GOOD,
)
LINKED = Card(
    "班表已发布",
    (Text("下周班表见工作台。"),),
    buttons=(Button("查看班表", url="https://crm.example.com/h5/roster"),),
)
SENTENCE = Card("线索 17 已由 李娜 领取 <a href='x'>点我</a>")

_words = st.one_of(
    st.text(max_size=60), st.text("动能ab\n *#>[]()<`\\u0041\x00\ud800", max_size=400)
)
_pair = st.tuples(_words, _words)
_flat: st.SearchStrategy[Block] = st.one_of(
    st.builds(Text, _words),
    st.builds(Note, _words),
    st.builds(Fields, st.lists(_pair, max_size=9).map(tuple)),
    st.builds(Bar, _words, st.floats(-1, 2), _words),
    st.builds(Timeline, st.lists(_pair, max_size=40).map(tuple)),
    st.builds(Table, st.tuples(_words), st.lists(st.tuples(_words), max_size=5).map(tuple)),
    st.builds(AiText, _words, _words),
    st.just(PICTURE),
    st.builds(
        Select,
        st.sampled_from(["rep", "day", "why", "who"]),
        _words,
        st.lists(_pair, max_size=14).map(tuple),
        _words,
    ),
    st.builds(Input, st.just("why"), _words),
    st.builds(PersonPick, st.just("rep"), _words, st.lists(_pair, max_size=12).map(tuple)),
    st.builds(DatePick, st.just("day"), _words, st.sampled_from(["", "2026-02-27", "明天"])),
    st.builds(Attachment, _words, st.just("quote-17")),
)
_blocks = st.lists(_flat, max_size=3).map(tuple)
_block: st.SearchStrategy[Block] = st.one_of(
    _flat,
    st.builds(Fold, _words, _blocks),
    st.builds(Columns, st.lists(_blocks, max_size=3).map(tuple)),
)
_button = st.builds(
    Button,
    _words,
    st.one_of(_words, st.just("领取 17"), st.just("长" * 400)),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "", "", "https://crm.example.com/(1)", "/h5", "https://x/" + "y" * 2048]),
)
ANY = st.builds(
    Card,
    _words,
    st.lists(_block, max_size=8).map(tuple),
    st.sampled_from(Tone),
    st.lists(_button, max_size=12).map(tuple),
    st.sampled_from(["", "fuse:17"]),
)
