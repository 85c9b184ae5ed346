"""Leads by chat: capture, follow up, list."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands import Args, Commands, Context, Reply
from cards import lead as views
from cards.momentum import FULL
from crm.language import Precision, followup
from crm.language import capture as understood
from crm.lead import LeadView, followed_up
from crm.momentum import TimeClass
from crm.person import Role
from crm.refusal import RefusedError
from crm.signal import SIGNALS, Hit, found
from models import lead as leads
from models import momentum, sight

commands = Commands("lead")

HOURS = (Precision.TIME, Precision.PART)
SELLERS = (Role.REP, Role.MANAGER, Role.DIRECTOR)


@commands.on(
    "新线索",
    "录入",
    roles=SELLERS,
    usage="新线索 <公司> <联系人> <电话> <需求>",
    help="登记线索，自动识别电话、预算和信号",
)
async def capture(ctx: Context, args: Args) -> Reply:
    """A sentence becomes a lead; one that is known already gets the news added to it."""
    text = args.required("公司、联系人、电话和需求")
    told = understood(text)
    if not told.company:
        raise RefusedError(
            "没看出是哪家公司。请这样发：新线索 华东医疗 王主任 13800001234 预算80万"
        )
    lead = await leads.same(ctx.tenant, company=told.company, mobile=told.mobile)
    known = lead is not None
    if lead is None:
        new = leads.NewLead(
            told.company, told.contact, told.title, told.mobile, told.budget_fen, "chat"
        )
        lead = await leads.create(ctx.tenant, new, owner=ctx.person, now=ctx.now)
        await momentum.begin(ctx.tenant, lead.id, ctx.policies.momentum, now=ctx.now)
    elif lead.owner_id not in (None, ctx.person.id):
        raise RefusedError(
            f"「{lead.name}」已是 {lead.owner_name} 的线索（线索号 {lead.id}），没有重复登记。"
            "如需合作，请联系对方或经理改派。"
        )
    hits = await _add_signals(ctx, lead, text, "" if known else "capture")
    await leads.record(
        ctx.tenant,
        lead.id,
        kind="capture",
        words=f"{'补充' if known else '登记'}：{text}",
        key=f"{_key(ctx)}:capture",
        actor=ctx.person.name,
        at=ctx.now,
    )
    seen = await sight.sight(lead, ctx.policies, now=ctx.now, zone=ctx.zone)
    advice = await sight.advice(lead, now=ctx.now, zone=ctx.zone)
    return views.captured(seen, _labels(hits), advice, known=known)


@commands.on(
    "跟进",
    roles=SELLERS,
    usage="跟进 <公司或线索号> <沟通内容，下一步>",
    help="记录一次跟进，自动识别下一步和时间",
)
async def follow_up(ctx: Context, args: Args) -> Reply:
    """A touch is recorded; what was agreed becomes the next step with its date."""
    lead, words = await leads.find(ctx.tenant, ctx.person, args.required("公司和沟通内容"))
    if not words:
        return views.ask_followup(lead)
    before = await momentum.standing(lead.id)
    told = followup(words, ctx.local_now)
    after = await leads.change(
        ctx.tenant,
        lead.id,
        lambda now_lead: followed_up(
            now_lead,
            by=ctx.person,
            now=ctx.local_now,
            next_step=told.next_step,
            next_step_at=told.next_step_at,
        ),
        by=ctx.person,
        action=leads.TOUCH,
        key=f"{_key(ctx)}:touch",
        now=ctx.now,
        words=words,
        channel=told.channel,
    )
    hits = await _add_signals(ctx, lead, words, "touch")
    seen = await sight.sight(after or lead, ctx.policies, now=ctx.now, zone=ctx.zone)
    told_hour = bool(told.next_when and told.next_when.precision in HOURS)
    _, peak = before.energy.peak(ctx.now)
    return views.followed_up(
        seen, told.note or words, _labels(hits), min(FULL, peak), is_timed=told_hour
    )


@commands.on("我的线索", "线索", roles=SELLERS, usage="我的线索", help="列出您名下的线索和动能")
async def mine(ctx: Context, args: Args) -> Reply:
    """One's own open leads, the weakest first; with a name or number, that one."""
    if args.text:
        lead, _ = await leads.find(ctx.tenant, ctx.person, args.text)
        seen = await sight.sight(lead, ctx.policies, now=ctx.now, zone=ctx.zone)
        return views.listing([seen], f"线索 {lead.id} · {lead.name}")
    rows = [
        await sight.sight(lead, ctx.policies, now=ctx.now, zone=ctx.zone)
        for lead in await leads.of_owner(ctx.tenant, ctx.person.id)
    ]
    return views.listing(sorted(rows, key=lambda seen: seen.points), "我的线索")


async def _add_signals(ctx: Context, lead: LeadView, text: str, base: str) -> Sequence[Hit]:
    """Energy from what happened (`base`) and from what was said."""
    policies = ctx.policies
    hits = found(text, policies.signal.rivals)
    signals = [
        momentum.Signal(
            key=f"{_key(ctx)}:{hit.signal}",
            kind=hit.signal,
            words=hit.words,
            points=policies.signal.points(hit.signal),
            time_class=SIGNALS[hit.signal].kind,
            occurred_at=ctx.now,
        )
        for hit in hits
    ]
    own = {
        "capture": (policies.momentum.capture_points, TimeClass.FAST),
        "touch": (policies.momentum.touch_points, TimeClass.MEDIUM),
    }
    if base:
        points, kind = own[base]
        signals.insert(0, momentum.Signal(f"{_key(ctx)}:{base}", base, "", points, kind, ctx.now))
    await momentum.add(
        ctx.tenant, lead.id, signals, policies.momentum, version=policies.version, now=ctx.now
    )
    return hits


def _labels(hits: Sequence[Hit]) -> list[str]:
    return list(dict.fromkeys(SIGNALS[hit.signal].label for hit in hits))


def _key(ctx: Context) -> str:
    return f"{ctx.event.platform}:{ctx.event.app}:{ctx.event.key}"
