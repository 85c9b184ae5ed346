"""Signals in a chat sentence: keywords that know negation, questions and each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from crm.language.characters import normal
from crm.signal.catalogue import Signal


class Hit(NamedTuple):
    """A signal and the customer's words that show it."""

    signal: Signal
    words: str


_SUPPLIER = (
    r"(?:供应商|供货商|供货方|厂家|厂商|服务商|代理商|合作[方商]|系统|软件|平台|品牌|产品线|方案)"
)
_INCUMBENT = r"(?:现有|现在|目前|原来|原有|当前|老|旧|以前|在用|上一?家|那家|这家)"
_MATERIAL = (
    r"(?:资料|文档|手册|白皮书|案例|方案|参数表?|规格书|彩页|说明书|ppt|介绍|报价单|资质|样本册)"
)
_TRIAL = r"(?:演示|demo|试用|试点|样品|样机|体验(?:一下|账号|版)|试一试|试试)"

_REPLACING = (
    rf"(?:替换|更换|换掉|换下|换一?个|换|淘汰|替代|取代|弃用)(?:掉|了)?{_INCUMBENT}?"
    rf"(?:的|用的)?[^，。,;；\s]{{0,4}}{_SUPPLIER}"
    rf"|(?:替换|更换|换掉|淘汰|替代){_INCUMBENT}(?!时间|地址|电话)"
    rf"|换一?家(?:供应商|试|合作|做|吧|了|$)|(?:重新|另外?)(?:选|找|物色)[^，。]{{0,3}}{_SUPPLIER}"
    rf"|对?{_INCUMBENT}[^，。]{{0,4}}{_SUPPLIER}[^，。]{{0,6}}(?:不满意|不满|有意见|不行|太差|很差)"
    rf"|对{_INCUMBENT}[^，。]{{0,4}}{_SUPPLIER}[^，。]{{0,2}}(?:失望|头疼)"
)

_STATES = (  # a fact about the customer; a question or a negation is none
    (Signal.BUDGET, r"预算|经费|拨款|立项(?:了|通过|批)|资金到位|专项资金"),
    (
        Signal.TENDER,
        r"招投?标|投标|竞标|标书|议标|开标|评标|比价|询价函|竞争性谈判|竞争性磋商|公开采购",
    ),
    (Signal.REPLACEMENT, _REPLACING),
)
_RIVALS = (
    r"竞品|友商|竞争对手|同行(?:也|的|报价|价)|货比三家|别家"
    r"|(?:另外?一|其[他它]|别的|[两三几]|多)家(?!医院|诊所|药店|门店|分公司|子公司|分院|客户|科室)[^，。]{0,7}"
    r"(?:报价|方案|便宜|价格|在谈|也在|对比|联系)"
    r"|(?:对比|比较|比)[^，。]{0,3}[一二两三四五几多]家(?:供应商|厂家|厂商|公司|$)"
)
_MOOD = (
    r"太贵|好贵|真贵|很贵|贵了|偏贵|有点贵|价格(?:太|偏|有点|比较|很)高|不考虑|没兴趣|不感兴趣"
    r"|算了(?![一下算笔解出])|(?:不要|别)再?(?:打|联系|发)|投诉|失望|不满|太差|很差|太慢|骗人|骗子"
    r"|不靠谱|拖太久|烦死|很烦|生气|退货|退款|不合作了?|不买了|不要了|用不着|不需要了"
)
_NO_BUDGET = (
    r"(?:没有?|无|缺)(?:任何|什么|这个|这笔|多少)?(?:预算|经费)"
    r"|(?:预算|经费)(?:的话|方面|这块|也|都|暂时|目前|今年|已经|已|被|给){0,3}"
    r"(?:没有|没了|不够|不足|不多|有限|紧张|很紧|砍|取消|冻结|用完|花完)|超(?:出)?(?:了)?(?:我们)?预算"
)
_ASKING = r"(?:能|可以|可否|能否|想|希望|要|请|申请|安排|预约|约|麻烦|需要|有没有|方便|有|给|来|求)"
_REQUESTS = (  # something wanted: a question is the usual way to ask for it
    (
        Signal.FORM,
        rf"{_ASKING}[^，。]{{0,8}}{_TRIAL}|(?:给|跟)我(?:们)?回个?(?:电话?|电)|回电给?我",
    ),
    (
        Signal.DOWNLOAD,
        rf"(?:发|给|要|看|寄|传|索取|求|提供|下载|需要|有|来)[^，。]{{0,8}}{_MATERIAL}",
    ),
)
_DONE = re.compile(
    r"已经?(?:发|给|看|寄|收|试|演示)|(?:发|寄|传|送)(?:给)?(?:你|您|他|她|客户|对方)?(?:过去|了)"
    r"|收到|看过|看完|试用?过|演示过|上次|昨天|上周|刚才|做完|结束"
)

_INNOCENT = re.compile(r"没问题|没关系|没事|不错|不少|不过|不仅|不但|不只|差不多|不好意思|不知不觉")
_DOUBLE = re.compile(
    r"不得不|不能不|不能没有?|不是没有?|不是不|并非没有|没有不|少不了|免不了|离不开"
)
_NO = re.compile(
    r"(?:不用|不需要|无需|不必|不准备|不打算|没打算|不计划|不想|不会|不走|不参与|不参加|不做|不再"
    r"|没有|没|无|未|别|不|免|取消了?|放弃了?|暂停了?|谢绝|拒绝)[^，。\d]{0,4}$"
)
_NOT_YET = re.compile(
    r"^(?:的话|方面|这块|的事|计划|工作)?(?:暂时|目前|还|今年|现在|已经|已|都|也|被|给)*"
    r"(?:没|未|无(?!忧)|不(?:用|走|需要|做|招|考虑|换)|取消|砍|暂停|搁置|冻结|作罢|算了|流标)"
)
_QUESTION = re.compile(
    r"[?？]|吗|么$|多少|有没有|是不是|是否|要不要|会不会|能不能|需不需要|走不走|什么时候|何时|怎么|如何|哪"
    r"|谁|呢$"
)
_CLAUSE = re.compile(r"[^，。,;；!！?？\n]*[，。,;；!！?？\n]?")


def found(text: str, rivals: Iterable[str] = ()) -> tuple[Hit, ...]:
    """The signals in a sentence, each once, with the words as they were written.

    「不用招标」 and 「预算多少？」 are none; 「没有预算」 is bad mood, not budget. `rivals` are
    competitors' names to listen for besides the general words.
    """
    hits: dict[Signal, Hit] = {}
    plain = normal(text)
    for clause in _CLAUSE.finditer(plain):
        start = clause.start()
        for signal, (begin, end) in _in_clause(clause.group(), tuple(rivals)):
            words = text[start + begin : start + end]
            hits.setdefault(signal, Hit(signal, words))
    return tuple(hits.values())


def _in_clause(clause: str, rivals: tuple[str, ...]) -> Iterator[tuple[Signal, tuple[int, int]]]:
    asked = _QUESTION.search(clause) is not None and not re.search(r"\d+ *[万w千亿元]", clause)
    poor = None if _DOUBLE.search(clause) else re.search(_NO_BUDGET, clause)
    if poor and not asked:
        yield Signal.BAD_MOOD, poor.span()
    for signal, pattern in _STATES:
        match = _meant(pattern, clause)
        if match and not asked and not (signal is Signal.BUDGET and poor):
            yield signal, match.span()
    unhappy = re.search(_REPLACING, clause)
    mood = _meant(_MOOD, clause, after=False)
    if mood and not unhappy and not re.search(r"贵不贵|贵吗", clause):
        yield Signal.BAD_MOOD, mood.span()
    names = "|".join(re.escape(normal(name)) for name in rivals)
    match = _meant(f"{_RIVALS}|{names}" if names else _RIVALS, clause, after=False)
    if match:
        yield Signal.COMPETITOR, match.span()
    if not _DONE.search(clause):
        for signal, pattern in _REQUESTS:
            match = _meant(pattern, clause)
            if match:
                yield signal, match.span()


def _meant(pattern: str, clause: str, *, after: bool = True) -> re.Match[str] | None:
    """The first match that is not denied before it, or (with `after`) behind it."""
    calm = _INNOCENT.sub(lambda match: "，" * len(match.group()), clause)
    for match in re.finditer(pattern, calm):
        before = calm[: match.start()]
        denied = _NO.search(before) and not _DOUBLE.search(calm)
        if not denied and not (after and _NOT_YET.search(calm[match.end() :])):
            return match
    return None
