"""Amounts of money as reps write them: 80万, 五十万左右, 30w, 百八十万, 3千5百元, ¥12,000."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from crm.language.characters import normal
from crm.language.numeral import DIGITS, PLAIN, value


class Money(NamedTuple):
    """An amount in a text. `fen` are hundredths of `currency` (ISO code, mostly CNY).

    `exact` is False for 五十万左右, 七八万 or 50-80万, where `fen` is the stated or middle amount.
    """

    fen: int
    exact: bool
    words: str
    start: int
    end: int
    currency: str = "CNY"
    amount: Decimal = Decimal(0)  # as said, where hundredths are too coarse


_CURRENCIES = {
    "CNY": "人民币|块钱|元钱|rmb|cny|元|圆|块|[¥￥]",
    "USD": "美元|美金|美圆|美刀|usd|us[$]|[$]",
    "EUR": "欧元|eur|€",
    "HKD": "港元|港币|港幣|港纸|hkd",
    "TWD": "新台币|台币|台幣",
    "JPY": "日元|日圆|日币",
    "GBP": "英镑|£",
    "CHF": "瑞士法郎",
    "KRW": "韩元",
    "SGD": "新加坡元|新币",
    "AUD": "澳元",
    "CAD": "加元",
    "RUB": "卢布",
    "NGN": "奈拉",
}
_UNIT = "|".join(words for code, words in _CURRENCIES.items() if code != "CNY") + (
    "|" + _CURRENCIES["CNY"]
)
_ABOUT = (
    r"(?P<about>大概|大约|约莫|差不多|将近|接近|不到|不?超过|起码|至少|最多|顶多|上下|约|近|上) *"
)
_ROUND = r" *(?P<round>左右|上下|以内|以下|以上|之内|出头|打底|封顶|起步|不到|吧|多|级别?)"
_NUMBER = rf"(?<![几数好])(?:{PLAIN}|(?<![一二三四五六七八九])[百千])(?: *个? *[万亿])?"
_SPAN = r" *(?:-|–|—|~|到|至) *"
_MONEY = re.compile(
    rf"(?:{_ABOUT})?(?:(?P<front>人民币|rmb|us[$]|[¥￥$€£]) *)?"
    rf"(?:(?P<low>{_NUMBER}) *(?P<lowsize>[wk千](?![a-z]))?(?:元|块)?{_SPAN})?"
    rf"(?P<number>{_NUMBER}) *(?P<size>kw|[wk](?![a-z]))?(?P<more> *[多来余])?"
    rf" *(?P<unit>{_UNIT})?(?P<rest> *又? *\d*[{''.join(DIGITS)}]? *(?:角|毛|美分|分|日本钱))*"
    r"(?P<jiao>(?<=块)[一二两三四五六七八九](?![十百千万亿个块]))?"
    rf"(?P<named> *人民币)?(?:{_ROUND})?"
)
_SIZES = {"w": 10**4, "k": 10**3, "kw": 10**7, "千": 10**3}
_CHANGE = re.compile(r"(\d+|[一二两三四五六七八九]) *(角|毛|美分|分)")
_CENTS = {"角": 10, "毛": 10, "分": 1, "美分": 1}
_THINGS = re.compile(
    r" *(?:多)?(?:[人台件份次家套张粉股颗吨米平亩条户年月日号个名位片]|粉丝|用户|用戶)"
)
_NEIGHBOURS = re.compile(r"^([一二两三四五六七八九])([二两三四五六七八九])(?=[十百千万亿])")


def moneys(text: str) -> tuple[Money, ...]:
    """The amounts in a text, in order. Without a unit only 万, 亿, w and k mean money."""
    plain = normal(text)
    found: list[Money] = []
    at = 0
    while match := _MONEY.search(plain, at):
        got = _money(match, plain, text)
        at = match.end() if got else max(match.start("number") + 1, match.end("number"))
        if got:
            found.append(got)
    return tuple(found)


def _money(match: re.Match[str], plain: str, text: str) -> Money | None:
    part = match.groupdict()
    number = part["number"]
    if not part["unit"] and not part["front"] and not part["named"]:
        sized = part["size"] or (number[-1] in "万亿" and number[0] not in "万亿")
        loose = sized or re.search(r"[万亿千]", number)
        if not loose or _THINGS.match(plain, match.end()) or _code(plain, match):
            return None
    if part["unit"] in ("元", "块", "圆", "分") and re.match(
        r"[旦素件宝]|儿童", plain[match.end() :]
    ):
        return None
    amount, sure = _amount(part)
    if amount is None or _code(plain, match):
        return None
    jiao = Decimal(DIGITS[part["jiao"]] * 10 if part["jiao"] else 0)
    fen = amount * 100 + jiao + _change(match.group()[match.end("number") - match.start() :])
    whole = int(fen.to_integral_value())
    approx = part["about"] or part["round"] or part["more"] or not sure or whole != fen
    words = match.group().rstrip()
    end = match.start() + len(words)
    written = text[match.start() : end]
    return Money(whole, not approx, written, match.start(), end, _currency(part), fen / 100)


def _code(plain: str, match: re.Match[str]) -> bool:
    """Whether the digits belong to a code such as A2021…, not to an amount."""
    before = plain[match.start() - 1 : match.start()] if match.start() else ""
    return bool(re.match(r"[a-z0-9_]", before)) and match.group()[0].isascii()


def _amount(part: dict[str, str | None]) -> tuple[Decimal | None, bool]:
    """The number in units of the currency, and whether it was said as one exact number."""
    high, sure = _one(part["number"] or "", part["size"])
    if high is None or not part["low"]:
        return high, sure
    unit = part["lowsize"]
    low, _ = _one(part["low"], unit)
    if low is None:
        return high, False
    if not unit and not re.search(r"[万亿千]", part["low"]) and low < high:
        scale = _scale(part["number"] or "", part["size"])
        low = low * scale if low * scale <= high else low
    return (low + high) / 2, False


def _one(words: str, size: str | None) -> tuple[Decimal | None, bool]:
    words = words.replace("个", "").replace(" ", "")
    scale = _SIZES[size] if size else 1
    if re.match(r"百八十(?=[万亿千])", words):  # an idiom: a hundred, give or take
        words, sure = "一百" + words[3:], False
    else:
        sure = not re.search(r"[余多几来]", words)
    neighbours = _NEIGHBOURS.match(words)
    if neighbours and DIGITS[words[0]] < DIGITS[words[1]]:
        low, high = value(words[0] + words[2:]), value(words[1:])
        return ((low + high) / 2 * scale if low and high else None), False
    if re.match(r"[几多]", words):
        return None, False
    got = value("一" + words if words[0] in "百千" else words)
    return (None if got is None else got * scale), sure


def _scale(words: str, size: str | None) -> int:
    for sign, scale in (("亿", 10**8), ("万", 10**4)):
        if words.endswith(sign):
            return scale
    return _SIZES[size] if size else 1


def _change(tail: str) -> Decimal:
    """Jiao and fen behind the main unit, in fen; "五块三" counts the three as jiao."""
    fen = sum((value(count) or Decimal(0)) * _CENTS[unit] for count, unit in _CHANGE.findall(tail))
    return Decimal(fen)


def _currency(part: dict[str, str | None]) -> str:
    told = part["unit"] if part["unit"] and part["unit"] not in "元圆块" else part["front"]
    for code, words in _CURRENCIES.items():
        if told and re.fullmatch(words, told):
            return code
    return "CNY"
