"""Rules from which the check of a Feishu card is put together (card JSON 2.0)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.emulator.desk import Json

PARSE, DUPLICATE_ID, MANY_ELEMENTS = 200621, 300301, 300305
TABLES, CHART, IMAGE, UNNAMED, UNSUPPORTED = 11310, 200550, 200570, 200530, 200861
ROW_VALUE, ROW_KEY, TOO_LONG = 200914, 200915, 200860

MOST_ELEMENTS = 200
HUES = (
    *("neutral", "blue", "turquoise", "lime", "orange", "violet", "indigo", "wathet"),
    *("green", "yellow", "red", "purple", "carmine", "grey"),
)
COLOUR = re.compile(rf"(?:{'|'.join(HUES)})(?:-(?:50|[1-9]00|[1-9]50))?|default|white|bg-white")
RGBA = re.compile(r"rgba?\(\s*\d{1,3}(\s*,\s*\d{1,3}){2}(\s*,\s*(\d*\.?\d+%?))?\s*\)")
INLINE_COLOUR = re.compile(r"<(?:font|text_tag)\s+color\s*=\s*['\"]?([^'\">\s]+)")
TABLE_RULE = re.compile(r"^\s*\|?\s*:?-{3,}:?\s*\|[\s:|-]*$", re.M)
SIZES = (
    *(
        "heading-0",
        "heading-1",
        "heading-2",
        "heading-3",
        "heading-4",
        "heading",
        "normal",
        "notation",
    ),
    *("xxxx-large", "xxx-large", "xx-large", "x-large", "large", "medium", "small", "x-small"),
)


class CardError(Exception):
    """The card breaks a rule; `code` is the sub code that the platform names in its message."""

    def __init__(self, code: int, path: str, reason: str) -> None:
        super().__init__(f"ErrCode: {code}; ErrMsg: {reason}; ErrPath: {path}")
        self.code = code
        self.path = path


@dataclass(slots=True)
class Reading:
    """What has been seen so far of the card that is being checked."""

    images: Collection[str]
    colours: Collection[str] = ()  # declared in config.style
    sizes: Collection[str] = ()
    elements: int = 0
    tables: int = 0
    ids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    inside: list[str] = field(default_factory=list)  # tags of the containers around, outer first

    def count(self, path: str) -> None:
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            raise CardError(MANY_ELEMENTS, path, f"more than {MOST_ELEMENTS} elements")


Rule = Callable[[Any, str, Reading], None]


def word(*words: str) -> Rule:
    def check(value: Any, path: str, _: Reading) -> None:
        if not isinstance(value, str) or value not in words:
            raise CardError(PARSE, path, f"{value!r} is none of {', '.join(words)}")

    return check


def text(most: int | None = None, *, least: int = 0, form: str = "") -> Rule:
    def check(value: Any, path: str, _: Reading) -> None:
        if not isinstance(value, str):
            raise CardError(PARSE, path, "not a string")
        if len(value) < least or (most is not None and len(value) > most):
            raise CardError(PARSE, path, f"length {len(value)} is not within {least}..{most}")
        if form and not re.fullmatch(form, value):
            raise CardError(PARSE, path, f"{value!r} has a wrong form")

    return check


def flag(value: Any, path: str, _: Reading) -> None:
    if not isinstance(value, bool):
        raise CardError(PARSE, path, "not a boolean")


def only_true(value: Any, path: str, _: Reading) -> None:
    if value is not True:
        raise CardError(PARSE, path, "only true is supported")


def number(low: float, high: float, *, whole: bool = True) -> Rule:
    kinds = int if whole else (int, float)

    def check(value: Any, path: str, _: Reading) -> None:
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            raise CardError(PARSE, path, f"{value!r} is not a number within {low}..{high}")

    return check


def pixels(low: int, high: int, *words: str, unit: str = "px") -> Rule:
    """One length such as "12px" (or another unit), or one of `words`."""

    def check(value: Any, path: str, _: Reading) -> None:
        if isinstance(value, str) and value in words:
            return
        found = re.fullmatch(rf"(-?\d+){unit}", value) if isinstance(value, str) else None
        if found is None or not low <= int(found[1]) <= high:
            raise CardError(PARSE, path, f"{value!r} is no length of {low}..{high}{unit}")

    return check


def sides(low: int, high: int, counts: Collection[int] = (1, 2, 4)) -> Rule:
    """One, two or four lengths, as in CSS."""
    one = pixels(low, high)

    def check(value: Any, path: str, reading: Reading) -> None:
        parts = value.split() if isinstance(value, str) else []
        if len(parts) not in counts:
            raise CardError(PARSE, path, f"{value!r} has not {' or '.join(map(str, counts))} parts")
        for part in parts:
            one(part, path, reading)

    return check


def either(*rules: Rule) -> Rule:
    """The first rule that holds; the last one's complaint when none does."""

    def check(value: Any, path: str, reading: Reading) -> None:
        for rule in rules[:-1]:
            try:
                return rule(value, path, reading)
            except CardError:
                continue
        return rules[-1](value, path, reading)

    return check


def colour(value: Any, path: str, reading: Reading) -> None:
    """A named colour or shade, rgba(), or one declared in config.style; never hexadecimal."""
    known = isinstance(value, str) and (
        COLOUR.fullmatch(value) or RGBA.fullmatch(value) or value in reading.colours
    )
    if not known:
        raise CardError(PARSE, path, f"{value!r} is no colour")


def text_size(value: Any, path: str, reading: Reading) -> None:
    if not isinstance(value, str) or (value not in SIZES and value not in reading.sizes):
        raise CardError(PARSE, path, f"{value!r} is no text size")


def image(value: Any, path: str, reading: Reading) -> None:
    if not isinstance(value, str) or value not in reading.images:
        raise CardError(IMAGE, path, "image key is invalid")


def anything(value: Any, path: str, _: Reading) -> None:
    """A JSON object of the application's own."""
    if not isinstance(value, dict):
        raise CardError(PARSE, path, "not an object")


def shape(fields: Mapping[str, Rule], required: Iterable[str] = ()) -> Rule:
    """An object with these properties and no others."""
    needed = tuple(required)

    def check(value: Any, path: str, reading: Reading) -> None:
        anything(value, path, reading)
        for name in value:
            if name not in fields:
                raise CardError(PARSE, path, f"unknown property, property: {name}")
        for name in needed:
            if name not in value:
                raise CardError(PARSE, path, f"property {name} is required")
        for name, inner in value.items():
            fields[name](inner, f"{path} -> {name}", reading)

    return check


def several(rule: Rule, *, least: int = 0, most: int | None = None, code: int = PARSE) -> Rule:
    def check(value: Any, path: str, reading: Reading) -> None:
        if not isinstance(value, list):
            raise CardError(PARSE, path, "not an array")
        if len(value) < least or (most is not None and len(value) > most):
            raise CardError(code, path, f"{len(value)} entries are not within {least}..{most}")
        for index, inner in enumerate(value):
            rule(inner, f"{path} -> [{index}]", reading)

    return check


def tagged(kinds: Mapping[str, Rule], by: str = "tag") -> Rule:
    """An object whose `tag` decides the rule; one with a tag counts as an element of the card."""

    def check(value: Any, path: str, reading: Reading) -> None:
        anything(value, path, reading)
        tag = value.get(by)
        if not isinstance(tag, str) or tag not in kinds:
            raise CardError(PARSE, path, f"{by} {tag!r} is none of {', '.join(kinds)}")
        if by == "tag":
            reading.count(path)
        kinds[tag](value, f"{path}({by}: {tag})", reading)

    return check


def markdown(value: Any, path: str, reading: Reading) -> None:
    text()(value, path, reading)
    for found in INLINE_COLOUR.findall(value):
        colour(found, path, reading)
    if len(TABLE_RULE.findall(value)) > 4:
        raise CardError(TABLES, path, "more than 4 tables in one markdown")


def walk(element: Any) -> Iterator[Json]:
    """The element and all elements within it."""
    if isinstance(element, dict):
        yield element
        for inner in (*_list(element.get("elements")), *_list(element.get("columns"))):
            yield from walk(inner)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
