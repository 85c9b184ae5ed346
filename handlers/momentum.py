"""动能: how a lead or a team stands, and deciding about a lead that is being lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from bot.commands import Answer, Args, Commands, Context, OutdatedError, Reply
from cards import momentum as views
from cards.card import Card
from crm.lead import LeadView, Status, reassigned, snoozed, taken_over, written_off
from crm.lead import OutdatedError as OutdatedLeadError
from crm.momentum import Heat
from crm.person import Person, Role
from crm.refusal import NotFoundError, RefusedError
from models import lead as leads
from models import momentum, sight, task
from models import person as people

commands = Commands("momentum")

SELLERS = (Role.REP, Role.MANAGER, Role.DIRECTOR)
DECIDERS = (Role.MANAGER, Role.DIRECTOR, Role.ADMIN)


@commands.on(
    "动能",
    "momentum",
    roles=(*SELLERS, Role.ADMIN),
    usage="动能 <公司名>，或 动能 团队",
    help="看一条线索的动能曲线，或整个团队的情况",
)
async def show(ctx: Context, args: Args) -> Reply:
    """One lead's curve; 团队, or nothing, shows everything this person may see."""
    if args.text in ("", "团队", "我的"):
        rows = [
            await sight.sight(lead, ctx.policies, now=ctx.now, zone=ctx.zone)
            for lead in await leads.of_team(ctx.tenant, ctx.person)
        ]
        return views.team(rows, title=f"动能 · {ctx.person.team or ctx.person.name}")
    lead, _ = await leads.find(ctx.tenant, ctx.person, args.text)
    seen = await sight.sight(lead, ctx.policies, now=ctx.now, zone=ctx.zone)
    advice = await sight.advice(lead, now=ctx.now, zone=ctx.zone)
    return views.detail(seen, await leads.history(lead.id), advice)


@commands.on(
    "改派",
    roles=DECIDERS,
    usage="改派 <线索号> <销售姓名>",
    help="把线索交给另一位销售",
)
async def reassign(ctx: Context, args: Args) -> Reply:
    """Pressed on the fuse card with a choice, or typed with a name."""
    lead_id = args.number(0, "线索号")
    to = await _colleague(ctx, ctx.event.form.get("rep", ""), args.words[1:])
    lead = await _decide(
        ctx,
        args,
        lead_id,
        "reassign",
        lambda lead, seen: reassigned(lead, to=to, by=ctx.person, seen=seen, now=ctx.local_now),
    )
    news = Card(
        f"新派线索 · {lead.name}：由 {ctx.person.name} 改派给您，"
        f"请尽快联系。发送「动能 {lead.company}」看历史和曲线。"
    )
    ctx.send(to, news, key=f"reassigned:{lead.id}:{lead.version}")
    return await _done(ctx, lead)


@commands.on("接手", roles=DECIDERS, usage="接手 <线索号>", help="由您亲自跟进这条线索")
async def take_over(ctx: Context, args: Args) -> Reply:
    lead_id = args.number(0, "线索号")
    lead = await _decide(
        ctx,
        args,
        lead_id,
        "take_over",
        lambda lead, seen: taken_over(lead, by=ctx.person, seen=seen, now=ctx.local_now),
    )
    return await _done(ctx, lead)


@commands.on("稍后", roles=DECIDERS, usage="稍后 <线索号>", help="暂缓处理，到时再提醒")
async def snooze(ctx: Context, args: Args) -> Reply:
    """Leave it in peace for the days the policy says; then the card comes again."""
    lead_id = args.number(0, "线索号")
    until = ctx.local_now + timedelta(days=ctx.policies.lead.snooze_days)
    lead = await _decide(
        ctx,
        args,
        lead_id,
        "snooze",
        lambda lead, seen: snoozed(
            lead,
            until=until,
            by=ctx.person,
            seen=seen,
            now=ctx.local_now,
            policy=ctx.policies.lead,
        ),
    )
    key = f"fuse_again:{lead.id}:{lead.version}"
    await task.ask(
        ctx.tenant, "momentum.fuse_again", key=key, now=ctx.now, args={"lead": lead.id}, at=until
    )
    return await _done(ctx, lead)


@commands.on("放弃", roles=DECIDERS, usage="放弃 <线索号> <理由>", help="核销这条线索，需要写理由")
async def write_off(ctx: Context, args: Args) -> Reply:
    lead_id = args.number(0, "线索号")
    reason = ctx.event.form.get("reason", "") or " ".join(args.words[1:])
    lead = await _decide(
        ctx,
        args,
        lead_id,
        "write_off",
        lambda lead, seen: written_off(
            lead,
            reason=reason,
            by=ctx.person,
            seen=seen,
            now=ctx.local_now,
            policy=ctx.policies.lead,
        ),
    )
    return await _done(ctx, lead)


Decision = Callable[[LeadView, int], LeadView]


async def _decide(
    ctx: Context, args: Args, lead_id: int, action: str, decision: Decision
) -> LeadView:
    """Carry out a decision on the version the presser saw; typed without one means as it is now."""

    def rule(lead: LeadView) -> LeadView:
        return decision(lead, lead.version if args.version is None else args.version)

    key = f"{ctx.event.platform}:{ctx.event.key}:{action}"
    try:
        lead = await leads.change(
            ctx.tenant, lead_id, rule, by=ctx.person, action=action, key=key, now=ctx.now
        )
    except OutdatedLeadError as late:
        raise OutdatedError(str(late), await _as_it_stands(ctx, late.lead)) from late
    if lead is None:
        raise NotFoundError("线索", lead_id, "发送「动能 团队」看全部线索。")
    if lead.status is not Status.OPEN:
        await momentum.stop(lead.id)
    return lead


async def _done(ctx: Context, lead: LeadView) -> Answer:
    """The fuse card becomes its outcome for everyone who has it."""
    return Answer(await _outcome(ctx, lead), toast=f"{lead.last_deed}")


async def _outcome(ctx: Context, lead: LeadView) -> Card:
    ref = (await momentum.standing(lead.id)).fuse_ref()
    return views.decided(lead, str(lead.last_deed), ctx.now, ctx.zone, ref=ref)


async def _as_it_stands(ctx: Context, lead: LeadView) -> Card:
    """The fuse card as it would be made now: still to decide, or already decided."""
    decided = {"reassign", "take_over", "snooze", "write_off"}
    last = await leads.last_kind(lead.id)
    if lead.status is Status.OPEN and lead.heat is Heat.RED and last not in decided:
        return views.fuse(await sight.fuse(lead, ctx.policies, now=ctx.now, zone=ctx.zone))
    return await _outcome(ctx, lead)


async def _colleague(ctx: Context, chosen: str, typed: Sequence[str]) -> Person:
    """Whom the lead goes to: chosen in the card's list, or named where there is no list."""
    said = chosen.strip() or (typed[0] if typed else "")
    if said.isascii() and said.isdigit() and len(said) < 10:
        found = await people.by_id(ctx.tenant, int(said))
        if found:
            return found
    if not said:
        raise RefusedError("请先选择改派给谁，再按「改派」；或发送「改派 线索号 姓名」。")
    named = await people.by_name(ctx.tenant, said)
    if not named:
        raise NotFoundError("同事", said, "请核对姓名。")
    if len(named) > 1:
        teams = "、".join(item.team or item.store for item in named)
        raise RefusedError(f"有 {len(named)} 位「{said}」（{teams}），请在卡片里选择。")
    return named[0]
