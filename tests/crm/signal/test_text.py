from __future__ import annotations

import pytest

from crm.signal import Hit, Signal, found

HITS = [
    (Signal.BUDGET, "华东医疗 王主任 预算80万 想看看"),
    (Signal.BUDGET, "我们今年的预算批下来了"),
    (Signal.BUDGET, "預算五十萬左右"),
    (Signal.BUDGET, "预算80万够吗？"),
    (Signal.BUDGET, "没问题，预算有的"),
    (Signal.BUDGET, "不是没有预算，是要走流程"),
    (Signal.BUDGET, "项目已经立项了"),
    (Signal.TENDER, "下个月要公开招标"),
    (Signal.TENDER, "標書什麼時候買都行，我們會投標"),
    (Signal.TENDER, "领导要求先比价"),
    (Signal.TENDER, "这个金额不得不招标"),
    (Signal.REPLACEMENT, "想替换现有供应商"),
    (Signal.REPLACEMENT, "打算换掉现在那家"),
    (Signal.REPLACEMENT, "想换一家供应商试试"),
    (Signal.REPLACEMENT, "对现有供应商不满意"),
    (Signal.REPLACEMENT, "计划淘汰旧系统"),
    (Signal.REPLACEMENT, "準備更換供應商"),
    (Signal.COMPETITOR, "竞品那边也给了方案"),
    (Signal.COMPETITOR, "另一家公司报价更低"),
    (Signal.COMPETITOR, "你们和友商比有什么优势？"),
    (Signal.COMPETITOR, "我们要对比三家"),
    (Signal.BAD_MOOD, "太贵了"),
    (Signal.BAD_MOOD, "价格有点高，再说"),
    (Signal.BAD_MOOD, "暂时不考虑了"),
    (Signal.BAD_MOOD, "我要投诉你们"),
    (Signal.BAD_MOOD, "没有预算"),
    (Signal.BAD_MOOD, "今年预算被砍了"),
    (Signal.BAD_MOOD, "不要再打电话了"),
    (Signal.FORM, "能不能安排一次演示？"),
    (Signal.FORM, "想申请试用"),
    (Signal.FORM, "可以寄个样品吗"),
    (Signal.FORM, "方便的话给我回个电话"),
    (Signal.DOWNLOAD, "发一份产品资料给我"),
    (Signal.DOWNLOAD, "有同行业案例吗？"),
    (Signal.DOWNLOAD, "麻煩提供參數表"),
]

MISSES = [
    (Signal.BUDGET, "没有预算"),
    (Signal.BUDGET, "预算多少？"),
    (Signal.BUDGET, "你们有预算吗"),
    (Signal.BUDGET, "预算暂时还没批"),
    (Signal.BUDGET, "不需要预算审批"),
    (Signal.TENDER, "不用招标"),
    (Signal.TENDER, "这次不走公开招标"),
    (Signal.TENDER, "要不要招标？"),
    (Signal.TENDER, "招标取消了"),
    (Signal.TENDER, "目标明确，指标也清楚"),
    (Signal.REPLACEMENT, "换个时间再聊"),
    (Signal.REPLACEMENT, "更换滤芯要多少钱"),
    (Signal.REPLACEMENT, "暂时不换供应商"),
    (Signal.REPLACEMENT, "会不会换供应商？"),
    (Signal.REPLACEMENT, "不打算替换现有供应商"),
    (Signal.COMPETITOR, "另一家医院也在用我们的"),
    (Signal.COMPETITOR, "对手机端有要求"),
    (Signal.COMPETITOR, "没有对比别家"),
    (Signal.BAD_MOOD, "不贵"),
    (Signal.BAD_MOOD, "贵公司地址在哪"),
    (Signal.BAD_MOOD, "算了一下，总价合适"),
    (Signal.BAD_MOOD, "对现有供应商不满意"),
    (Signal.BAD_MOOD, "贵不贵？"),
    (Signal.BAD_MOOD, "没有投诉过"),
    (Signal.FORM, "上次演示已经看过了"),
    (Signal.FORM, "不用安排演示"),
    (Signal.FORM, "演示文稿很好看"),
    (Signal.DOWNLOAD, "资料已经收到"),
    (Signal.DOWNLOAD, "不用发资料了"),
    (Signal.DOWNLOAD, "我把资料发给您了"),
]


@pytest.mark.parametrize(("signal", "text"), HITS)
def test_a_sentence_shows_its_signal(signal: Signal, text: str) -> None:
    assert signal in [hit.signal for hit in found(text)]


@pytest.mark.parametrize(("signal", "text"), MISSES)
def test_a_near_miss_does_not(signal: Signal, text: str) -> None:
    assert signal not in [hit.signal for hit in found(text)]


def test_several_signals_come_each_once_with_the_words_as_written() -> None:
    text = "預算８０萬，預算已批；想替换现有供应商"
    assert found(text) == (
        Hit(Signal.BUDGET, "預算"),
        Hit(Signal.REPLACEMENT, "替换现有供应商"),
    )


def test_named_competitors_are_heard_in_any_spelling() -> None:
    assert found("他们也在看卓越軟件", rivals=["卓越软件"]) == (Hit(Signal.COMPETITOR, "卓越軟件"),)
    assert found("他们也在看卓越软件") == ()


@pytest.mark.parametrize("text", ["", "好的", "，，，", "明天下午三点见", "13800001234", "？"])
def test_small_talk_is_no_signal(text: str) -> None:
    assert found(text) == ()
