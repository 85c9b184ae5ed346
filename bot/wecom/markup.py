"""WeCom's XML: read without trusting it, written the way its passive replies want it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

_DEEPEST = 6
_PASCAL = {
    "keyname": "KeyName",
    "checkbox": "CheckBox",
    "appid": "AppId",
    "pagepath": "PagePath",
    "userid": "UserId",
}


class ForbiddenError(ValueError):
    """A DTD or an entity: no platform sends one, only an attacker does."""


def read(data: bytes) -> Element:
    """Parse; raises ForbiddenError for a DTD, ValueError for what is no XML."""
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as fault:
        raise ForbiddenError(type(fault).__name__) from fault
    except (ParseError, LookupError, UnicodeError) as fault:
        raise ValueError("no XML") from fault
    return root


def text(node: Element, path: str) -> str:
    """The text at `path`, without the line feeds some senders put around it; "" if absent."""
    return (node.findtext(path) or "").strip()


def flat(root: Element) -> dict[str, str]:
    """All leaves by dotted path; a repeated one is joined with ","."""
    found: dict[str, str] = {}
    for path, words in _leaves(root, "", 0):
        found[path] = f"{found[path]},{words}" if path in found else words
    return found


def _leaves(node: Element, path: str, depth: int) -> Iterator[tuple[str, str]]:
    for child in node:
        name = f"{path}.{child.tag}" if path else child.tag
        if not len(child):
            yield name, (child.text or "").strip()
        elif depth < _DEEPEST:
            yield from _leaves(child, name, depth + 1)


def cdata(words: str) -> str:
    return f"<![CDATA[{words.replace(']]>', ']]]]><![CDATA[>')}]]>"


def element(name: str, value: Any) -> str:
    """One element: text in CDATA, numbers bare, a dict nested, a list as the element repeated."""
    match value:
        case list():
            return "".join(element(name, item) for item in value)
        case Mapping():
            inner = "".join(element(_pascal(key, name), item) for key, item in value.items())
        case bool():
            inner = "true" if value else "false"
        case int():
            inner = str(value)
        case _:
            inner = cdata(str(value))
    return f"<{name}>{inner}</{name}>"


def _pascal(key: str, within: str) -> str:
    """`icon_url` → `IconUrl`, with the platform's own exceptions."""
    if key == "appid" and within == "QuoteArea":
        return "Appid"
    return _PASCAL.get(key) or re.sub(r"(?:^|_)([a-z])", lambda found: found[1].upper(), key)
