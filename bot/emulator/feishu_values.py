"""Values that many components of a Feishu card share: texts, icons, links, layout, behaviours."""

from __future__ import annotations

from bot.emulator.feishu_rules import (
    Rule,
    anything,
    colour,
    either,
    image,
    markdown,
    number,
    pixels,
    several,
    shape,
    sides,
    tagged,
    text,
    text_size,
    word,
)

LOCALES = (
    *("zh_cn", "en_us", "zh_hk", "zh_tw", "ja_jp", "id_id", "vi_vn", "th_th"),
    *("pt_br", "es_es", "ko_kr", "de_de", "fr_fr", "it_it", "ru_ru", "ms_my"),
)

I18N = shape(dict.fromkeys(LOCALES, text()))
_TEXT: dict[str, Rule] = {"tag": text(), "content": text(), "i18n_content": I18N}
_MARKED: dict[str, Rule] = _TEXT | {"content": markdown}
_STYLED: dict[str, Rule] = {
    "text_size": text_size,
    "text_color": colour,
    "text_align": word("left", "center", "right"),
    "lines": number(1, 1000),
}
PLAIN = tagged({"plain_text": shape(_TEXT, ["content"])})
PLAIN_OR_MARKED = tagged(
    {"plain_text": shape(_TEXT, ["content"]), "lark_md": shape(_MARKED, ["content"])}
)
PLAIN_OR_MARKDOWN = tagged(
    {
        "plain_text": shape(_TEXT | _STYLED, ["content"]),
        "markdown": shape(_MARKED | _STYLED, ["content"]),
    }
)
STYLED = tagged(
    {
        "plain_text": shape(_TEXT | _STYLED, ["content"]),
        "lark_md": shape(_MARKED | _STYLED, ["content"]),
    }
)
_ICON_SIZE = text(form=r"\d+px \d+px")
ICON = tagged(
    {
        "standard_icon": shape(
            {"tag": text(), "token": text(least=1), "color": colour, "size": _ICON_SIZE}, ["token"]
        ),
        "custom_icon": shape({"tag": text(), "img_key": image, "size": _ICON_SIZE}, ["img_key"]),
    }
)
LINK = text(form=r"[a-z][a-z0-9+.-]*://\S+")
OPTIONAL_LINK = either(text(0), LINK)
LINKS: dict[str, Rule] = {
    "url": OPTIONAL_LINK,
    "pc_url": OPTIONAL_LINK,
    "ios_url": OPTIONAL_LINK,
    "android_url": OPTIONAL_LINK,
}
SPACING = pixels(0, 99, "small", "medium", "large", "extra_large")
ALIGN_X = word("left", "center", "right")
ALIGN_Y = word("top", "center", "bottom")
COMMON: dict[str, Rule] = {"tag": text(), "element_id": text(), "margin": sides(-99, 99)}
LAYOUT: dict[str, Rule] = {
    "padding": sides(0, 99),
    "direction": word("vertical", "horizontal"),
    "horizontal_spacing": SPACING,
    "vertical_spacing": SPACING,
    "horizontal_align": ALIGN_X,
    "vertical_align": ALIGN_Y,
}
CONFIRM = shape({"title": PLAIN, "text": PLAIN}, ["title", "text"])
BEHAVIORS = several(
    tagged(
        {
            "callback": shape({"type": text(), "value": anything}, ["value"]),
            "open_url": shape(
                {
                    "type": text(),
                    "default_url": LINK,
                    "pc_url": OPTIONAL_LINK,
                    "ios_url": OPTIONAL_LINK,
                    "android_url": OPTIONAL_LINK,
                },
                ["default_url"],
            ),
        },
        by="type",
    ),
    least=1,
)
