"""The strict reader of Feishu cards (JSON 2.0): a card breaks a rule or is shown as it is."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from bot.emulator.desk import Json
from bot.emulator.feishu_elements import elements
from bot.emulator.feishu_rules import (
    HUES,
    PARSE,
    SIZES,
    TOO_LONG,
    CardError,
    Reading,
    Rule,
    flag,
    number,
    only_true,
    several,
    shape,
    sides,
    tagged,
    text,
    word,
)
from bot.emulator.feishu_values import (
    ICON,
    LAYOUT,
    LINKS,
    LOCALES,
    PLAIN,
    PLAIN_OR_MARKED,
)

LARGEST = 30 * 1024  # UTF-8 bytes of the JSON string


def parsed(content: str, images: Collection[str] = ()) -> Json:
    """Read a card from the JSON string of a message.

    Raises CardError for the first rule it breaks; `images` are the keys that were uploaded.
    """
    if len(content.encode()) > LARGEST:
        raise CardError(TOO_LONG, "ROOT", f"card is larger than {LARGEST} bytes")
    try:
        card = json.loads(content)
    except ValueError as fault:
        raise CardError(PARSE, "ROOT", "parse card json err") from fault
    check(card, images)
    return dict(card)


def check(card: Any, images: Collection[str] = ()) -> None:
    """Raise CardError for the first rule that the card breaks."""
    size = len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode())
    if size > LARGEST:
        raise CardError(TOO_LONG, "ROOT", f"card is larger than {LARGEST} bytes")
    _CARD(card, "ROOT", Reading(images, *_declared(card)))


def _declared(card: Any) -> tuple[set[str], set[str]]:
    """Names of the colours and text sizes that the card declares for itself."""
    found: list[set[str]] = []
    for kind in ("color", "text_size"):
        inner = card
        for name in ("config", "style", kind):
            inner = inner.get(name) if isinstance(inner, dict) else None
        found.append(set(inner) if isinstance(inner, dict) else set())
    return found[0], found[1]


def _named(rule: Rule) -> Rule:
    """An object with names of the card's own, all with values of one rule."""

    def named(value: Any, path: str, reading: Reading) -> None:
        names = value if isinstance(value, dict) else ()
        shape(dict.fromkeys(names, rule))(value, path, reading)

    return named


_SPEED = shape(dict.fromkeys(("default", "android", "ios", "pc"), number(1, 10_000)))
_SIZE = word(*SIZES)
_STYLE = shape(
    {
        "text_size": _named(shape({"default": _SIZE, "pc": _SIZE, "mobile": _SIZE})),
        "color": _named(
            shape(
                {
                    "light_mode": text(form=r"rgba?\(.+\)"),
                    "dark_mode": text(form=r"rgba?\(.+\)"),
                }
            )
        ),
    }
)
_CONFIG = shape(
    {
        "streaming_mode": flag,
        "streaming_config": shape(
            {
                "print_frequency_ms": _SPEED,
                "print_step": _SPEED,
                "print_strategy": word("fast", "delay"),
            }
        ),
        # i18n_content is documented and refused by the platform
        "summary": shape({"content": text()}),
        "locales": several(word(*LOCALES)),
        "enable_forward": flag,
        "update_multi": only_true,
        "width_mode": word("default", "compact", "fill"),
        "use_custom_translation": flag,
        "enable_forward_interaction": flag,
        "style": _STYLE,
    }
)
_TAGS = several(
    tagged(
        {
            "text_tag": shape(
                {
                    "tag": text(),
                    "text": PLAIN,
                    "color": word(*HUES),
                },
                ["text"],
            )
        }
    ),
    most=3,
)
_HEADER = shape(
    {
        "title": PLAIN_OR_MARKED,
        "subtitle": PLAIN_OR_MARKED,
        "text_tag_list": _TAGS,
        "i18n_text_tag_list": shape(dict.fromkeys(LOCALES, _TAGS)),
        "template": word(
            *("blue", "wathet", "turquoise", "green", "yellow", "orange", "red"),
            *("carmine", "violet", "purple", "indigo", "grey", "default"),
        ),
        "icon": ICON,
        "padding": sides(0, 99),
    },
    ["title"],
)
_CARD = shape(
    {
        "schema": word("2.0"),
        "config": _CONFIG,
        "card_link": shape(LINKS),
        "header": _HEADER,
        "body": shape(LAYOUT | {"elements": elements}, ["elements"]),
    },
    ["schema", "body"],
)
