"""A new lead in one line, in any order: 华东医疗 王主任 13800001234 预算80万 想替换现有供应商."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crm.language.characters import normal, simplified
from crm.language.money import Money, moneys
from crm.language.phone import mobiles

_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁"
    "魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎"
    "易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛"
    "管祝左涂谷祁时舒耿牟卜肖詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司"
    "柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来苟全褚廉简娄盖符奚木穆党燕郎"
    "邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗"
)
_DOUBLE_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "皇甫", "东方", "慕容", "尉迟", "令狐", "夏侯")
_TITLES = (
    "副总经理|总经理助理|执行董事|护士长|采购经理|销售经理|项目经理|采购主管|采购总监|技术总监|财务总监|董事长"
    "|总经理|副主任|副院长|副总裁|副总监|副处长|副科长|副部长|工程师|负责人|联系人|主治医师|总监|总裁|副总|主任|院长|科长"
    "|处长|部长|局长|厂长|校长|所长|站长|店长|行长|会长|队长|组长|书记|秘书|助理|经理|主管|主席|采购|老师|教授|博士|医生|大夫"
    "|老板|先生|女士|小姐|会计|出纳|董秘|专员|老总|总|董|工|姐|哥|ceo|cto|cfo|coo|cio"
)
_ORGANISATION = (
    "有限责任公司|股份有限公司|有限公司|分公司|公司|集团|医院|卫生院|诊所|医疗|医药|制药|药业|药房|药店|大药房|科技|技术"
    "|大学|学院|学校|中学|小学|幼儿园|中心|工厂|厂|研究院|研究所|设计院|银行|支行|酒店|宾馆|饭店|股份|实业|贸易|商贸|电子"
    "|电器|物流|快递|超市|商场|连锁|器械|生物|健康|工业|建设|建筑|地产|置业|能源|汽车|信息|网络|软件|数据|智能|机械|食品"
    "|餐饮|材料|教育|文化|传媒|装饰|工程|服饰|服装|化工|制造|设备|环保|农业|保险|证券|基金|物业|委员会|协会|事务所|合作社"
    "|门诊部|体检|口腔|眼科|美容|家居|家具|光电|重工|航空|港口|电力|水务|燃气|控股|投资|国际|商行|经营部|工作室|店"
)
_PERSON = re.compile(
    rf"(?P<name>(?:{'|'.join(_DOUBLE_SURNAMES)}|[{''.join(sorted(_SURNAMES))}])[\u4e00-\u9fa5]{{0,2}}?)"
    rf"(?P<title>(?:{_TITLES})?)",
    re.IGNORECASE,
)
_TITLED = re.compile(rf"(?:{_TITLES})", re.IGNORECASE)
_FIRM = re.compile(rf".*(?:{_ORGANISATION})(?:[（(][^（）()]*[)）])?$")
_SENTENCE = re.compile(
    r"想|要|需要|打算|计划|希望|准备|正在|目前|现在|没有|对|来自|关注|感兴趣|咨询|询问|替换|更换|换掉|招标|预算|客户|"
    r"介绍|推荐|下周|明天|下个月|月底|比较|价格|报价|采购|购买|了解|试用|演示|资料|急|尽快|已经|可以|希望|说|是|的|了|吗"
)
_LABEL = re.compile(
    r"(?:(?P<company>公司名?称?|客户名?称?|单位|企业)|(?P<contact>联系人|姓名|对接人)|(?P<title>职务|职位|头衔)"
    r"|(?P<notes>备注|需求|说明))[:：]"
)
_PHONE_LABEL = re.compile(
    r"(?:联系)?(?:电话|手机|方式|手机号|电话号码|tel|mobile)(?:号码?)?[:： ]*$", re.I
)
_BUDGET_LABEL = re.compile(
    r"(?:项目|采购|今年|总)?(?:预算|经费|投入)(?:金额|大概|大约|约|有|是|为|在|[:：])*[ ]*$"
)
_BUDGET_TAIL = re.compile(r"^ *的?(?:预算|经费)")
_BREAK = re.compile(r"[\s，,。;；、|\n]+")


@dataclass(frozen=True, slots=True)
class Captured:
    """What was understood of a new lead; a part that was not said is empty.

    `mobile` is +86 and eleven digits; `budget_fen` in fen, `budget_exact` False for 五十万左右.
    """

    company: str = ""
    contact: str = ""
    title: str = ""
    mobile: str = ""
    budget_fen: int | None = None
    budget_exact: bool = True
    notes: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """What one should ask for, in words."""
        parts = (("公司", self.company), ("联系人", self.contact), ("手机号", self.mobile))
        return tuple(word for word, had in parts if not had)


def capture(text: str) -> Captured:
    """Sort the words of a new lead into its parts; what fits nowhere becomes the notes."""
    mobile, text_left = _mobile(text)
    budget, text_left = _budget(text_left)
    company = contact = title = ""
    notes: list[str] = []
    for token in filter(None, _BREAK.split(_LABEL.sub(r" \g<0>", text_left))):
        label = _LABEL.match(token)
        word = token[label.end() :] if label else token
        kind = label.lastgroup if label else None
        person = None if kind or contact else _person(word)
        firm = None if kind or company else _firm(word)
        if kind == "company" or firm:
            company, contact, title = _with_person(word, contact, title)
        elif kind == "contact" or person:
            contact, title = _person(word) or (word, title)
        elif kind == "title" or (not title and contact and _TITLED.fullmatch(word)):
            title = word
        elif not kind and not company and not notes and _short_name(word):
            company, contact, title = _with_person(word, contact, title)
        else:
            notes.append(word)
    return Captured(
        company,
        contact,
        title,
        mobile,
        budget.fen if budget else None,
        budget.exact if budget else True,
        "，".join(notes),
    )


def _mobile(text: str) -> tuple[str, str]:
    """The first mobile number and the text without it and its label."""
    for phone in mobiles(text):
        label = _PHONE_LABEL.search(normal(text)[: phone.start])
        before = text[: label.start() if label else phone.start]
        return phone.number, f"{before} {text[phone.end :]}"
    return "", text


def _budget(text: str) -> tuple[Money | None, str]:
    """The amount said to be the budget, else the first; and the text without it."""
    known = [money for money in moneys(text) if money.currency == "CNY"]
    plain = normal(text)
    for money in known:
        label = _BUDGET_LABEL.search(plain[: money.start])
        tail = _BUDGET_TAIL.match(plain[money.end :])
        if label or tail or len(known) == 1:
            before = text[: label.start()] if label else text[: money.start]
            after = text[money.end + (tail.end() if tail else 0) :]
            return money, f"{before} {after}"
    return None, text


def _person(word: str) -> tuple[str, str] | None:
    """A person's name and title: 王主任, 王芳, 欧阳总经理; None for anything else."""
    plain = simplified(word)
    match = _PERSON.fullmatch(plain)
    if match is None or _FIRM.match(plain) or (not match["title"] and not 2 <= len(plain) <= 3):
        return None
    if not match["title"] and _SENTENCE.search(plain):
        return None
    cut = len(match["name"])
    return word[:cut], word[cut:]


def _firm(word: str) -> bool:
    """Whether a word is an organisation, perhaps with a person behind it (华东医疗王主任)."""
    if len(word) > 30 or re.search(r"[想要打算希望需求换找买卖]", simplified(word)):
        return False
    return bool(_FIRM.match(simplified(word))) or _glued(word) is not None


def _glued(word: str) -> tuple[str, str, str] | None:
    plain = simplified(word)
    for cut in range(len(plain) - 1, 1, -1):
        person = _PERSON.fullmatch(plain, cut)
        if person and person["title"] and _FIRM.match(plain[:cut]):
            middle = cut + len(person["name"])
            return word[:cut], word[cut:middle], word[middle:]
    return None


def _with_person(word: str, contact: str, title: str) -> tuple[str, str, str]:
    glued = None if contact else _glued(word)
    return glued or (word, contact, title)


def _short_name(word: str) -> bool:
    """Whether the first word, of no known kind, can be a company's short name."""
    return (
        2 <= len(word) <= 12
        and not _SENTENCE.search(simplified(word))
        and not normal(word).isdigit()
    )
