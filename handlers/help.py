"""帮助: what this very person can do."""

from __future__ import annotations

from bot.commands import Args, Commands, Context, Reply
from cards.help import listing

commands = Commands("help")


@commands.on("帮助", "help", "?", "？", "菜单", usage="帮助", help="列出您能用的全部命令")
async def show_help(ctx: Context, args: Args) -> Reply:
    """The list comes from the same table that checks the rights."""
    return listing(ctx.person.name, ctx.person.title, ctx.table.for_person(ctx.person))
