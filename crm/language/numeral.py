"""Numbers as people write them: 三千八, 1.2亿, 25万6千, 四百点五, 五分之一, 40k."""

from __future__ import annotations

import re
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import NamedTuple

from crm.language.characters import normal

DIGITS = {
    **dict.fromkeys("零〇", 0),
    **dict.fromkeys("一壹", 1),
    **dict.fromkeys("二贰两俩倆貳", 2),
    **dict.fromkeys("三叁叄", 3),
    **dict.fromkeys("四肆", 4),
    **dict.fromkeys("五伍", 5),
    **dict.fromkeys("六陆", 6),
    **dict.fromkeys("七柒", 7),
    **dict.fromkeys("八捌", 8),
    **dict.fromkeys("九玖", 9),
}
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE = {"万": 10**4, "亿": 10**8, "兆": 10**12}
_LATIN = {"k": 10**3, "w": 10**4, "m": 10**6, "": 1}
_HAN = "零〇一壹二贰两俩倆貳三叁叄四肆五伍六陆七柒八捌九玖十拾百佰千仟万亿兆"
_MORE = "余多几来"  # 十余万, 一千多万, 二十几万: about so many

_ARABIC = r"(?:\d{1,3}(?:[,，]\d{3})+(?!\d)(?:\.\d+)?|\d+\.\d+|\d+|\.\d+)"
_CHINESE = rf"(?:半百|[{_HAN}](?: *[{_HAN}{_MORE}])*)"
_DOT = r"(?: *点(?: *[零〇一壹二贰两三叁四肆五伍六陆七柒八捌九玖])+)"
PLAIN = (
    rf"(?:{_ARABIC}(?: *(?:[余多几来] *)?[十百佰千仟万亿兆](?: *[\d{_HAN}{_MORE}])*|)"
    rf"|{_CHINESE}{_DOT}?(?: *[万亿兆]+)?)"
)
"""A pattern for one number without sign, in normal text."""

_SIGN = r"(?:[-－] *|负 *)?"
_WHOLE = re.compile(
    rf"(?P<mixed>{_SIGN}{PLAIN} *又 *)?(?P<under>{_SIGN}{PLAIN}) *分 *之 *(?P<over>{_SIGN}{PLAIN})"
    r"|(?P<frac>-?(?:\d+ +)?\d+/\d+)(?![\d/])"
    r"|(?P<power>-?\d+(?:\.\d+)?)\^(?P<exponent>[-+]*\d+)"
    r"|(?P<sci>-?\d+(?:\.\d+)?e[-+]?\d+)"
    rf"|(?P<latin>-?{_ARABIC}) *(?P<suffix>[km])(?![a-z])"
    rf"|(?P<dozen>{PLAIN})打"
    rf"|(?P<plain>{_SIGN}{PLAIN})"
)
_TOKEN = re.compile(rf"\d+(?:\.\d+)?|\.\d+|[{_HAN}{_MORE}点]")
_MEASURES = (
    "个只斤年吨双对台件条张名位家次套种块的天月日号人份支瓶箱盒米元克岁倍折成章品这那不而却是"
    "和与、，。；,;:!?？！”」\"' )）又点"
)


_NAMES = "陆伍肆拾叁"  # also surnames and parts of words: 大陆, 队伍, 放肆


class Number(NamedTuple):
    """A number in a text: its value, the words as written and where they stand."""

    value: Decimal
    words: str
    start: int
    end: int


def value(words: str) -> Decimal | None:
    """The number that the words say, or None: "三千八" is 3800, "1.2亿" 120,000,000."""
    match = _WHOLE.fullmatch(normal(words).strip())
    return _read(match) if match else None


def numbers(text: str) -> tuple[Number, ...]:
    """The numbers in a text. A lone 一, 陆 … counts only where a measure word follows it."""
    plain, found, at = normal(text), [], 0
    while match := _WHOLE.search(plain, at):
        start, end = match.span()
        at = end
        words = plain[start:end]
        got = _read(match) if _stands_alone(plain, start, end) else None
        if got is not None:
            stripped = len(words) - len(words.rstrip())
            found.append(Number(got, text[start : end - stripped], start, end - stripped))
    return tuple(found)


def digits(words: str) -> int | None:
    """Digits read one by one, as years are: "二零一六" is 2016."""
    told = [DIGITS.get(sign, int(sign) if sign.isdecimal() else None) for sign in words]
    if None in told or not told:
        return None
    return int("".join(str(one) for one in told))


def _read(match: re.Match[str]) -> Decimal | None:
    part = match.groupdict()
    try:
        if part["under"]:
            whole = _signed(part["mixed"].rstrip(" 又")) if part["mixed"] else Decimal(0)
            share = _signed(part["over"]) / _signed(part["under"])
            return whole - share if (part["mixed"] or "").startswith(("负", "-")) else whole + share
        if part["frac"]:
            *whole_part, share_part = part["frac"].split()
            over, under = share_part.split("/")
            base = Decimal(whole_part[0]) if whole_part else Decimal(0)
            return base + Decimal(over) / Decimal(under)
        if part["power"]:
            return Decimal(part["power"]) ** int(part["exponent"].lstrip("+").replace("--", ""))
        if part["sci"]:
            return Decimal(part["sci"])
        if part["latin"]:
            return Decimal(part["latin"].replace(",", "")) * _LATIN[part["suffix"]]
        return _signed(part["dozen"]) * 12 if part["dozen"] else _signed(part["plain"])
    except (InvalidOperation, DivisionByZero, OverflowError):
        return None


def _signed(words: str) -> Decimal:
    minus = words.startswith(("负", "-", "－"))
    size = _unsigned(re.sub(r"[ ,，]", "", words.lstrip("负-－ ")))
    return -size if minus else size


def _unsigned(words: str) -> Decimal:
    """Read one number without sign or blanks.

    Raises:
        InvalidOperation: units alone (万), which count nothing.
    """
    if words == "半百":
        return Decimal(50)
    if len(words) > 1 and (one_by_one := digits(words)) is not None and not words.isdecimal():
        return Decimal(one_by_one)
    tokens = _TOKEN.findall(words)
    if not any(token in DIGITS or token[-1].isdecimal() or token in _SMALL for token in tokens):
        raise InvalidOperation
    count = _Count()
    for token in tokens:
        count.take(token)
    return count.closed()


class _Count:
    """Adds up a numeral token by token: digits, then small units, then 万, 亿, 兆."""

    def __init__(self) -> None:
        self.total = self.section = Decimal(0)
        self.number: Decimal | None = None
        self.unit, self.large = 1, 0
        self.exact = True  # after 零 or a fraction, and at the start, no "四百五"
        self.places = 0  # decimal places read so far, from 点 on

    def take(self, sign: str) -> None:
        if sign == "点":
            self._close_section()
            self.number, self.places = self.section, 1
            self.section = Decimal(0)
        elif sign in DIGITS and self.places:
            self.number = (self.number or Decimal(0)) + Decimal(DIGITS[sign]).scaleb(-self.places)
            self.places += 1
        elif sign in _SMALL:
            self._small(_SMALL[sign])
        elif sign in _LARGE:
            self._large(_LARGE[sign])
        elif sign not in _MORE:
            self.number = Decimal(DIGITS[sign]) if sign in DIGITS else Decimal(sign)
            self.exact = self.exact or sign in "零〇" or len(sign) > 1

    def closed(self) -> Decimal:
        if not self.places:
            self._close_section()
            return self.total + self.section
        return self.total + self.section + (self.number or 0)

    def _small(self, unit: int) -> None:
        self.section += (self.number or Decimal(1)) * unit  # 零十 and 十 are both ten
        self.number, self.unit, self.exact = None, unit, False

    def _large(self, unit: int) -> None:
        self.section += self.number or 0
        if self.section == 0:
            self.total = (self.total or Decimal(1)) * unit  # 万亿
        elif unit > self.large:
            self.total = (self.total + self.section) * unit  # 一万五千亿
        else:
            self.total += self.section * unit
        self.section, self.number, self.places = Decimal(0), None, 0
        self.unit, self.large, self.exact = unit, unit, False

    def _close_section(self) -> None:
        """Take in the last digit; right behind a unit it counts in the next lower one (四百五)."""
        if self.number is not None:
            short = self.unit >= 10 and not self.exact
            self.section += self.number * self.unit / 10 if short else self.number
            self.number = None


def _stands_alone(plain: str, start: int, end: int) -> bool:
    words = plain[start:end].strip()
    if words[0] in "0123456789.-":
        return start == 0 or not re.match(r"[a-z0-9_]", plain[start - 1]) or words[0] == "-"
    if len(words) > 1:
        return True
    following = plain[end : end + 1]
    if not following:
        return words not in _NAMES
    return following in _MEASURES or following.isdecimal()
