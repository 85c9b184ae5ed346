"""补看: messages that were held back, shown to whoever they were for."""

from __future__ import annotations

from bot.commands import Args, Commands, Context, Reply
from cards import delivery as views
from crm.refusal import RefusedError
from models import delivery

commands = Commands("delivery")


@commands.on("补看", usage="补看 [编号]", help="查看没有单独推送的消息")
async def show(ctx: Context, args: Args) -> Reply:
    """With a number the message itself comes, once; without one, the list of all."""
    places = tuple(ctx.person.accounts.items())
    if not args.words:
        items = await delivery.waiting(ctx.tenant, places)
        return (
            views.held([(item.id, item.title) for item in items]) if items else "没有留下的消息。"
        )
    number = args.number(0, "消息编号")
    if not await delivery.show(ctx.tenant, number, places, now=ctx.now):
        raise RefusedError(f"没有留给您的 {number} 号消息，可能已经看过。发送「补看」看还有哪些。")
    return None
