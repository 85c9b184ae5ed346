"""Rosters in the chat: make next week's, publish it, see one's own."""

from __future__ import annotations

from datetime import date, timedelta

from bot.commands import Answer, Args, Commands, Context, OutdatedError, Reply
from cards import roster as views
from cards.card import Card
from crm.person import Role
from crm.refusal import NotFoundError, RefusedError
from crm.roster import STORE_CODES, Week, check
from models import audit, person, task
from models import roster as rosters

commands = Commands("roster")

MAKING_MINUTES = 3  # after that a run that says nothing may be asked for again


@commands.on(
    "排班", roles=(Role.STORE_MANAGER,), usage="排班", help="为本店生成下周班表草稿，确认后发布"
)
async def make(ctx: Context, args: Args) -> Reply:
    """Ask for next week's roster; the card turns into the draft when it is done."""
    store = _store(ctx)
    monday = _monday(ctx) + timedelta(days=7)
    week = await rosters.week_of(ctx.tenant, store, monday, ctx.policies.roster)
    if not week.workers:
        raise RefusedError(f"「{store}」还没有店员名单。请管理员导入人员文件后再排班。")
    last = await rosters.newest(ctx.tenant, store, monday)
    if last and last.state == rosters.MAKING and _is_fresh(ctx, last):
        return views.making(week, roster_id=last.id, share=0.3)
    return await _make(ctx, week)


@commands.on(
    "重排", roles=(Role.STORE_MANAGER,), usage="重排 <编号>", help="按最新人手重排", hidden=True
)
async def remake(ctx: Context, args: Args) -> Reply:
    """A new version of the same week; the old draft stays what it was."""
    kept, week = await _current(ctx, args)
    await audit.note(
        ctx.tenant,
        actor=ctx.person.id,
        action="roster.remake",
        subject=f"roster:{kept.id}",
        now=ctx.now,
    )
    return await _make(ctx, week)


@commands.on(
    "发布排班",
    roles=(Role.STORE_MANAGER,),
    usage="发布排班 <编号>",
    help="发布草稿并通知每位店员",
    hidden=True,
)
async def publish(ctx: Context, args: Args) -> Reply:
    """Check the draft once more against the people as they are now, then make it the week's."""
    kept, week = await _current(ctx, args)
    if kept.state == rosters.MAKING:
        raise RefusedError("班表还在生成，请等卡片变成草稿后再发布。")
    roster = kept.roster()
    broken = [
        item for item in check(roster, week, ctx.policies.roster) if item.code not in STORE_CODES
    ]
    if broken:
        raise RefusedError(f"不能发布：{broken[0].words}（{broken[0].basis}）。请按「重排」。")
    before = await rosters.newest(ctx.tenant, kept.store, kept.week, state=rosters.PUBLISHED)
    if not await rosters.publish(ctx.tenant, kept.id, now=ctx.now):
        raise RefusedError("这一版已经发布过了，店员都已收到通知。")
    await audit.note(
        ctx.tenant,
        actor=ctx.person.id,
        action="roster.publish",
        subject=f"roster:{kept.id}",
        now=ctx.now,
        detail={"version": kept.version},
    )
    await _tell_staff(ctx, kept, week)
    card = views.published(
        week,
        roster,
        roster_id=kept.id,
        version=kept.version,
        by=ctx.person.name,
        before=before.roster() if before else None,
    )
    return Answer(card, toast="已发布，店员都会收到自己的班")


@commands.on(
    "我的班",
    "我的班表",
    roles=(Role.STAFF, Role.STORE_MANAGER),
    usage="我的班",
    help="看您自己的班次",
)
async def mine(ctx: Context, args: Args) -> Reply:
    """One's own shifts of the nearest published week."""
    store, monday = _store(ctx), _monday(ctx)
    kept = await rosters.upcoming(ctx.tenant, store, monday)
    if kept is None:
        return views.not_rostered(monday + timedelta(days=7))
    week = await rosters.week_of(ctx.tenant, store, kept.week, ctx.policies.roster)
    worker = week.worker(ctx.person.id)
    if worker is None:
        raise RefusedError(f"您不在「{store}」的排班名单里。请联系店长。")
    return views.mine(worker, week, kept.roster(), version=kept.version)


async def _make(ctx: Context, week: Week) -> Card:
    """Reserve the next version and ask for it to be made."""
    kept = await rosters.reserve(
        ctx.tenant,
        store=week.shop.name,
        week=week.monday,
        author=ctx.person.name,
        policy_version=ctx.policies.version,
        now=ctx.now,
    )
    await task.ask(
        ctx.tenant,
        "roster.make",
        key=f"roster.make:{kept.id}",
        now=ctx.now,
        args={"roster": kept.id},
        at=None,
    )
    return views.making(week, roster_id=kept.id, share=0.1)


async def _current(ctx: Context, args: Args) -> tuple[rosters.Kept, Week]:
    """The roster a button means, if it is this store's and still the newest of its week."""
    number = args.number(0, "班表编号")
    kept = await rosters.by_id(ctx.tenant, number)
    if kept is None or kept.store != _store(ctx):
        raise NotFoundError("班表", number, "发送「排班」生成新的。")
    week = await rosters.week_of(ctx.tenant, kept.store, kept.week, ctx.policies.roster)
    newest = await rosters.newest(ctx.tenant, kept.store, kept.week)
    if newest and newest.id != kept.id:
        card = views.outdated(week, seen=kept.version, current=newest.version)
        raise OutdatedError(card.title, card)
    return kept, week


async def _tell_staff(ctx: Context, kept: rosters.Kept, week: Week) -> None:
    """Everybody gets their own week, the store manager too if on the roster."""
    for worker in week.workers:
        colleague = await person.by_id(ctx.tenant, worker.id)
        if colleague and colleague.id != ctx.person.id:
            card = views.mine(worker, week, kept.roster(), version=kept.version)
            ctx.send(colleague, card, key=f"roster:{kept.id}:{worker.id}")


def _store(ctx: Context) -> str:
    if not ctx.person.store:
        raise RefusedError("您还没有归属门店。请联系管理员在人员名单里填写门店。")
    return ctx.person.store


def _monday(ctx: Context) -> date:
    today = ctx.local_now.date()
    return today - timedelta(days=today.weekday())


def _is_fresh(ctx: Context, kept: rosters.Kept) -> bool:
    return ctx.now - kept.made_at < timedelta(minutes=MAKING_MINUTES)
