"""Telephone numbers in a text: mainland mobiles in one form, and everything else people dial."""

from __future__ import annotations

import re
from typing import NamedTuple

from crm.language.characters import normal


class Phone(NamedTuple):
    """A number in a text. `number` is +86 and eleven digits for a mainland mobile."""

    number: str
    words: str
    start: int
    end: int


_MOBILE = re.compile(
    r"(?<![\d.])(?:\+|00)?(?:\( ?\+?86 ?\)|86)?[ -]*(1[3-9]\d(?:[ -]?\d){8})(?!\d|\.\d)"
)
_ABROAD = re.compile(r"(?:\+|(?<!\d)00)[ \d]{1,6}[ -]?$")
_ANY = re.compile(
    r"(?<![a-z0-9._/=#%&])(?<![a-z0-9]-)(?<![a-z] )(?<![\d)][+*])(?<![a-z0-9]-\()"
    r"(?:\+ ?|00 ?)?(?:\( ?\+?\d{1,5} ?\)|\d)(?:[ .-]{0,3}(?:\( ?\d{1,5} ?\)|\d))*"
    r"(?: ?(?:x|ext\.? ?|转|分机) ?\d{1,6})?"
)
_DATE = re.compile(r"(?:19|20)\d\d[-. ]\d{1,2}[-. ]\d{1,2}|\d{1,2}[-. ]\d{1,2}[-. ](?:19|20)\d\d")


def mobiles(text: str) -> tuple[Phone, ...]:
    """The mainland mobile numbers, all in the form +8613800000001."""
    plain, found = normal(text), []
    for match in _MOBILE.finditer(plain):
        if _ABROAD.search(plain[: match.start()]):
            continue
        start = match.start() + len(match.group()) - len(match.group().lstrip(" -"))
        number = "+86" + re.sub(r"\D", "", match.group(1))
        found.append(Phone(number, text[start : match.end()], start, match.end()))
    return tuple(found)


def phones(text: str) -> tuple[Phone, ...]:
    """All telephone numbers, foreign and fixed lines too; `number` keeps digits and a leading +."""
    found = list(mobiles(text))
    plain = normal(text)
    for known in found:
        plain = plain[: known.start] + "，" * len(known.words) + plain[known.end :]
    for match in _ANY.finditer(plain):
        words = match.group().rstrip(" -.(")
        end = match.start() + len(words)
        if not _dialled(words, plain[end : end + 1]):
            continue
        bare = re.sub(r"[^\d+x转]|ext|分机", "", words)
        found.append(Phone(bare, text[match.start() : end], match.start(), end))
    return tuple(sorted(found, key=lambda phone: phone.start))


def _dialled(words: str, following: str) -> bool:
    """Whether the digits make a number to dial rather than a date, an address or a serial."""
    count = len(re.sub(r"\D", "", words.split("x")[0]))
    groups = re.findall(r"\d+", words)
    if re.match(r"[a-z0-9%_/=]", following) or not 7 <= count <= 16:
        return False
    if _DATE.fullmatch(words) or re.fullmatch(r"\d+\.\d+|(?:\d{1,3}\.){3}\d{1,3}", words):
        return False
    return (
        words[0] in "+0"
        or len(groups) == 1
        or sum(len(group) for group in groups) / len(groups) >= 2
    )
