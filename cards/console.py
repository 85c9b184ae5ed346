"""The sign-in code as a card."""

from __future__ import annotations

from cards.card import Button, Card, Fields, Note


def sign_in_card(code: str, minutes: int, url: str) -> Card:
    """A one-time code and the page where it is used."""
    return Card(
        "管理后台登录",
        (
            Fields(
                (("登录码", f"{code[:4]} {code[4:]}"), ("有效期", f"{minutes} 分钟，只能用一次"))
            ),
            Note("请勿转发。不是您本人操作？不理会即可，登录码会自动失效。"),
        ),
        buttons=(Button("打开管理后台", url=url, primary=True),),
    )
