"""A follow-up in one line: 电话沟通，下周三演示; and whose it is: 华东医疗 电话沟通."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import NamedTuple

from crm.language.characters import normal
from crm.language.moment import Precision, When, whens

_CHANNELS = (
    ("拜访", r"拜访|上门|登门|面谈|见面|面访|到访|来访|当面|现场"),
    ("会议", r"会议|开会|开了?个?会|视频会|线上会|例会|研讨会|评审会"),
    ("微信", r"微信|企微|企业微信|wechat"),
    ("邮件", r"邮件|邮箱|e-?mail|发了?封?信"),
    ("电话", r"电话|通话|致电|来电|回电|打给|语音"),
)
_LEAD = re.compile(
    r"^(?:下一步|接下来|后续|之后|计划|打算|准备|预计|约[定好了在到]?|定[于在]|改到|[:：，, ])+"
)
_NEXT = re.compile(r"^(?:下一步|接下来|后续|计划|打算|准备|约定|约好|约了)")
_DONE = re.compile(r"了(?!解)|过了|已|刚才|刚刚|之前")
_CLAUSE = re.compile(r"[^，。,;；!！\n]+")
_ALIKE = 0.75  # three of four characters
_STRIP = " ，。,;；!！:：、\n\t"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What was done and what comes next; a part that was not said is empty."""

    channel: str = ""  # 电话, 拜访, 微信, 邮件 or 会议
    note: str = ""
    next_step: str = ""
    next_when: When | None = None

    @property
    def next_step_at(self) -> datetime | None:
        """When to remind of the next step, in the zone of the `now` that was given."""
        return self.next_when.due if self.next_when else None


class Subject(NamedTuple):
    """The known name a sentence begins with and what follows it; `exact` False for a typo."""

    name: str
    rest: str
    exact: bool


def followup(text: str, now: datetime) -> FollowUp:
    """Tell what was done from what is next: the last clause with a coming time."""
    clauses = [(m.start(), m.group()) for m in _CLAUSE.finditer(text) if m.group().strip()]
    times = whens(text, now)
    for place in range(len(clauses) - 1, -1, -1):
        start, words = clauses[place]
        coming = next(
            (t for t in times if _within(t, start, words) and _ahead(t, words, now)), None
        )
        if coming is None and not _NEXT.match(words.strip()):
            continue
        before, step = _split(words, coming, start)
        done = [w for n, (_, w) in enumerate(clauses) if n != place]
        if before:
            done.insert(place, before)
        note = "，".join(part.strip(_STRIP) for part in done)
        return FollowUp(channel(note), note, step, coming)
    note = text.strip(_STRIP)
    return FollowUp(channel(note), note)


def channel(text: str) -> str:
    """How the customer was reached: 电话, 拜访, 微信, 邮件, 会议, or "" if it does not say."""
    plain = normal(text)
    return next((name for name, words in _CHANNELS if re.search(words, plain)), "")


def _within(time: When, start: int, words: str) -> bool:
    return start <= time.start < start + len(words)


def _ahead(time: When, words: str, now: datetime) -> bool:
    """Whether the time lies ahead; a running day counts unless something is done in it."""
    if time.at > now:
        return True
    running = time.until > now and time.precision is not Precision.TIME
    return running and (time.before or not _DONE.search(words)) and not channel(words)


def _split(words: str, coming: When | None, start: int) -> tuple[str, str]:
    """What was done, said before the time in the same breath, and the next step."""
    if coming is None:
        return "", _LEAD.sub("", words.strip()).strip(_STRIP)
    before, after = words[: coming.start - start], words[coming.end - start :]
    left = _LEAD.sub("", before.strip(_STRIP)).strip(_STRIP)
    step = _LEAD.sub("", after.strip(_STRIP)).strip(_STRIP)
    if left and channel(left) and step:
        return left, step  # 电话沟通下周三演示
    if left:
        return "", words.strip(_STRIP)
    return "", step or "跟进"


def split_subject(text: str, known: Iterable[str]) -> Subject | None:
    """The longest known name at the beginning of a sentence, and the rest.

    Traditional characters, full-width letters and one or two typos are forgiven, and the first
    part of a single long name is enough. None if nothing fits or two names fit equally well.
    """
    words, plain = text.strip(), normal(text.strip())
    names = {name: normal(name) for name in sorted(set(known), key=len, reverse=True) if name}
    head = re.split(r"[\s，,。;；:：]", plain, maxsplit=1)[0]
    whole = next((name for name, same in names.items() if plain.startswith(same)), None)
    begun = [name for name, same in names.items() if len(head) >= 2 and same.startswith(head)]
    if len(begun) == 1 and len(head) > len(whole or ""):
        return Subject(begun[0], words[len(head) :].strip(_STRIP), False)
    if whole is not None:
        return Subject(whole, words[len(whole) :].strip(_STRIP), True)
    return None if begun else _nearest(words, plain, len(head), names)


def _nearest(words: str, plain: str, head: int, names: Mapping[str, str]) -> Subject | None:
    ranked = sorted(
        (
            (_likeness(plain[:cut], same), name, cut)
            for name, same in names.items()
            if _akin(plain[: len(same) + 1], same)
            for cut in _cuts(len(plain), head, len(same))
        ),
        reverse=True,
    )
    if not ranked or ranked[0][0] < _ALIKE:
        return None
    score, name, cut = ranked[0]
    if any(other != name and close == score for close, other, _ in ranked[1:]):
        return None
    return Subject(name, words[cut:].strip(_STRIP), False)


def _akin(words: str, name: str) -> bool:
    """A quick look before the slow comparison: most of the characters must be there."""
    return sum(sign in words for sign in name) * 5 >= len(name) * 3


def _cuts(length: int, head: int, name: int) -> Iterable[int]:
    """Where the name may end: behind the first word if about as long, else near its length."""
    if name < 3:
        return ()
    if abs(head - name) <= 1:
        return (head,)
    return range(max(3, name - 1), min(length, name + 1) + 1)


def _likeness(one: str, two: str) -> float:
    return SequenceMatcher(None, one, two, autojunk=False).ratio()
