"""People by chat: who am I, joining accounts, new members, departures."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from bot.commands import Answer, Args, Commands, Context, Reply
from cards import person as views
from cards.card import Card
from crm.lead import Handover, reassigned
from crm.person import (
    DECIDERS,
    PLATFORM_WORDS,
    PLATFORMS,
    ROLE_WORDS,
    Person,
    PersonRow,
    Role,
    check_leave,
)
from crm.person.binding import LENGTH, LETTERS, check_join, code_end
from crm.refusal import NotFoundError, RefusedError
from models import audit, task
from models import lead as leads
from models import person as people
from models.person import contact, moving, settling

commands = Commands("person")

ADMIN = (Role.ADMIN,)


@commands.on("我是谁", "我的身份", usage="我是谁", help="看您的姓名、角色和已绑定的平台")
async def whoami(ctx: Context, args: Args) -> Reply:
    return views.whoami(ctx.person)


@commands.on("绑定", usage="绑定", help="领取绑定码，在另一个平台也用上动能")
async def bind(ctx: Context, args: Args) -> Reply:
    """A code for another platform; typed with a code where one is known already, it is needless."""
    if args.text:
        raise RefusedError(
            f"您在这里已经是 {ctx.person.name}，不用再绑定。"
            "绑定码要在还不能使用动能的那个平台里发送；账号不对请联系管理员。"
        )
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    policy = ctx.policies.person
    await people.give_code(
        ctx.person, ctx.event.platform, code, now=ctx.now, expires_at=code_end(ctx.now, policy)
    )
    card = views.bind_code(code, policy.code_minutes)
    if not ctx.event.chat:
        return card
    ctx.send(ctx.person, card, key=f"person.code:{ctx.event.platform}:{ctx.event.key}")
    return "绑定码已单独发给您，群里的人看不到。"


@commands.on("离职", roles=ADMIN, usage="离职 <姓名>", help="办理离职：交接线索，停用账号")
async def leave(ctx: Context, args: Args) -> Reply:
    who = await _colleague(ctx, args.required("姓名"), "离职")
    check_leave(who, await people.everyone(ctx.tenant))
    done = await moving.leave(who, now=ctx.now, by=ctx.person, why="管理员办理")
    if done is None:
        raise RefusedError(f"{who.name} 已办理过离职。")
    await _tell(ctx, [done])
    to = done.heir.name if done.heir else "无人可交接"
    words = f"{len(done.leads)} 条线索交给 {to}" if done.leads else "名下没有未完成的线索"
    return f"{who.name} 已离职：{words}，账号已停用。"


@commands.on(
    "交接改派", roles=DECIDERS, usage="交接改派 <人员号>", help="改派交接来的线索", hidden=True
)
async def pass_on(ctx: Context, args: Args) -> Reply:
    """Pressed on the handover card: one lead or all that are still there, to one seller."""
    gone = args.number(0, "人员号")
    typed = args.words[1:]  # where there are no lists: "全部 李娜", "17 李娜", "李娜"
    chosen = ctx.event.form.get("lead") or "".join(typed[:-1][:1])
    to = await _heir(ctx, ctx.event.form.get("rep") or "".join(typed[-1:]))
    came = await moving.came_over(ctx.tenant, gone, ctx.person)
    every = chosen in ("", "all") or chosen.startswith("全部")
    picked = [lead for lead in came if every or chosen == str(lead.id)]
    if not picked:
        raise RefusedError("这些线索已经不在您名下，发送「动能 团队」看最新情况。")
    for lead in picked:
        await leads.change(
            ctx.tenant,
            lead.id,
            lambda seen: reassigned(
                seen, to=to, by=ctx.person, seen=seen.version, now=ctx.local_now
            ),
            by=ctx.person,
            action="reassign",
            key=f"{ctx.event.platform}:{ctx.event.key}:reassign:{lead.id}",
            now=ctx.now,
        )
    names = "、".join(lead.name for lead in picked[:5]) + ("等" if len(picked) > 5 else "")
    news = Card(f"新派线索 {len(picked)} 条：{names}。由 {ctx.person.name} 改派给您，请尽快联系。")
    ctx.send(to, news, key=f"handover:{ctx.event.platform}:{ctx.event.key}")
    left = [lead for lead in came if lead not in picked]
    name = await people.name_of(ctx.tenant, gone)
    sellers = await moving.sellers(ctx.tenant, ctx.person)
    card = views.handover((gone, name), ctx.person, left, sellers)
    return Answer(card, toast=f"{len(picked)} 条已改派给 {to.name}")


async def _heir(ctx: Context, said: str) -> Person:
    """Who takes the leads over: a person's number, or a name that only one has."""
    found = await people.by_id(ctx.tenant, int(said)) if said.isdecimal() else None
    named = [found] if found else await people.by_name(ctx.tenant, said) if said else []
    if len(named) != 1:
        raise RefusedError("请先选择改派给谁，再按「改派」。")
    return named[0]


@commands.on("未匹配", roles=ADMIN, usage="未匹配", help="通讯录里还没有对应到人员名单的成员")
async def unmatched(ctx: Context, args: Args) -> Reply:
    rows = await contact.unmatched(ctx.tenant)
    return views.unmatched([row.listed() for row in rows])


@commands.on(
    "成员授权",
    roles=ADMIN,
    usage="成员授权 <编号> <角色> [团队或门店]",
    help="让通讯录里的新成员开始使用动能",
)
async def admit(ctx: Context, args: Args) -> Reply:
    """A member of the contacts becomes a person with a role."""
    row = await _member(ctx, args.number(0, "成员编号"))
    roles = _roles(args.words[1] if len(args.words) > 1 else "")
    place = " ".join(args.words[2:])
    in_store = bool(roles & {Role.STAFF, Role.STORE_MANAGER})
    new = PersonRow(
        name=row.name or row.user,
        roles=roles,
        team="" if in_store else place,
        store=place if in_store else "",
        manager="",
        mobile=row.mobile,
        skills=(),
        accounts={row.platform: row.user},
    )
    saved = await people.save(ctx.tenant, [new], now=ctx.now)
    if saved.faults:
        raise RefusedError(saved.faults[0].partition("：")[2])
    who = await people.by_account(ctx.tenant, row.platform, row.user)
    if who is None:
        raise RefusedError("没有成功，请稍后再试。")
    await settling.adopt(row, who)
    await _note(ctx, who, "person.admit", platform=row.platform)
    ctx.send(
        who, Card(f"{who.name}，您可以使用动能了（{who.title}）。发送「帮助」开始。"), key=_key(ctx)
    )
    return f"{who.name} 已开通：{who.title}。"


@commands.on(
    "成员归并",
    roles=ADMIN,
    usage="成员归并 <编号> <姓名>",
    help="通讯录里的成员就是名单里的某人",
)
async def merge(ctx: Context, args: Args) -> Reply:
    """A member of the contacts is somebody on record."""
    row = await _member(ctx, args.number(0, "成员编号"))
    who = await _colleague(ctx, " ".join(args.words[1:]), f"成员归并 {row.id}")
    check_join(who, row.platform, row.user)
    await settling.adopt(row, who)
    await _note(ctx, who, "person.join", platform=row.platform)
    return f"已归并：{who.name} 的{PLATFORM_WORDS[row.platform]}账号可以使用了。"


@commands.on("同步通讯录", roles=ADMIN, usage="同步通讯录 [平台]", help="立即从各平台读取通讯录")
async def sync(ctx: Context, args: Args) -> Reply:
    wanted = [name for name in PLATFORMS if args.text in ("", name, PLATFORM_WORDS[name])]
    if not wanted:
        raise RefusedError(
            f"没有「{args.text}」这个平台，可填 {'、'.join(PLATFORM_WORDS.values())}。"
        )
    for name in wanted:
        key = f"person.sync:{ctx.tenant}:{name}:{_key(ctx)}"
        given = {"platform": name, "is_manual": True}
        await task.ask(ctx.tenant, "person.sync", key=key, now=ctx.now, args=given, at=None)
    return "开始同步，完成后会把结果发给管理员。"


@commands.on("确认离开", roles=ADMIN, usage="确认离开 <编号>", help="按离职办理", hidden=True)
async def confirm(ctx: Context, args: Args) -> Reply:
    """The missing of a held sync have really left, as far as they are missing still."""
    run = args.number(0, "同步编号")
    rows = await _question(ctx, run)
    handovers, closed = await settling.let_go(
        ctx.tenant, rows, now=ctx.now, why=f"{ctx.person.name} 确认"
    )
    await _tell(ctx, handovers)
    words = f"{ctx.person.name} 已确认：{len(handovers)} 人离职，{len(closed)} 人停用该平台账号"
    return Answer(views.answered(words, run), toast="已按离职办理")


@commands.on("保留成员", roles=ADMIN, usage="保留成员 <编号>", help="不按离职办理", hidden=True)
async def keep(ctx: Context, args: Args) -> Reply:
    run = args.number(0, "同步编号")
    rows = await _question(ctx, run)
    words = f"{ctx.person.name} 已选择保留，{len(rows)} 人没有变动"
    return Answer(views.answered(words, run), toast="已保留")


async def _question(ctx: Context, run: int) -> list[people.ContactRow]:
    found = await contact.answer(ctx.tenant, run)
    if found is None:
        raise RefusedError("这个问题已经有人处理过了。")
    await audit.note(
        ctx.tenant,
        actor=ctx.person.id,
        action="person.sync_answer",
        subject=f"sync:{run}",
        now=ctx.now,
        detail={"said": ctx.event.text[:40], "missing": len(found[1])},
    )
    return found[1]


async def _member(ctx: Context, number: int) -> people.ContactRow:
    row = await contact.nobody(ctx.tenant, number)
    if row is None:
        raise NotFoundError("未匹配的成员", number, "发送「未匹配」看最新名单。")
    return row


async def _colleague(ctx: Context, name: str, said: str) -> Person:
    """By name, or by #number where several share it."""
    number = name.removeprefix("#")
    if name.startswith("#") and number.isdecimal() and len(number) < 10:
        found = await people.by_id(ctx.tenant, int(number))
        named = [found] if found else []
    else:
        named = await people.by_name(ctx.tenant, name)
    if not named:
        raise NotFoundError("同事", name, "请核对姓名。")
    if len(named) > 1:
        which = "；".join(f"「{said} #{who.id}」{who.title}" for who in named)
        raise RefusedError(f"有 {len(named)} 位「{name}」，请用编号：{which}")
    return named[0]


async def _tell(ctx: Context, handovers: Sequence[Handover]) -> None:
    for done in handovers:
        sellers = await moving.sellers(ctx.tenant, done.heir) if done.heir else []
        for to, card, key in views.departure(done, sellers):
            ctx.send(to, card, key=key)


async def _note(ctx: Context, who: Person, action: str, **detail: str) -> None:
    subject = f"person:{who.id}"
    await audit.note(
        ctx.tenant, actor=ctx.person.id, action=action, subject=subject, now=ctx.now, detail=detail
    )


def _roles(words: str) -> frozenset[Role]:
    """Roles by their Chinese or file name, several joined with |."""
    named = {word: role for role, word in ROLE_WORDS.items()} | {role.value: role for role in Role}
    parts = [part.strip() for part in words.split("|") if part.strip()]
    wrong = [part for part in parts if part not in named]
    if wrong or not parts:
        raise RefusedError(
            f"请写明角色，多个用 | 连接：{'、'.join(ROLE_WORDS.values())}。"
            "例如「成员授权 12 销售代表 华东」。"
        )
    return frozenset(named[part] for part in parts)


def _key(ctx: Context) -> str:
    return f"{ctx.event.platform}:{ctx.event.app}:{ctx.event.key}"
