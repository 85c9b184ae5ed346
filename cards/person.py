"""People for people: who one is, binding codes, contacts, departures and moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cards.card import Block, Button, Card, Fields, Note, Select, Table, Text, Tone
from crm.lead import Handover, LeadView, Move, masked
from crm.person import DECIDERS, PLATFORM_WORDS, Listed, Person, SyncReport

MOST = 10  # names or rows on one card
Letter = tuple[Person, Card, str]
"""Who is told, what, and under which key."""


def whoami(who: Person) -> Card:
    """我是谁: name, roles, and where one is known."""
    bound = "、".join(word for name, word in PLATFORM_WORDS.items() if name in who.accounts)
    lacking = [word for name, word in PLATFORM_WORDS.items() if name not in who.accounts]
    pairs = [("姓名", who.name), ("身份", who.title or "还没有角色，请联系管理员")]
    pairs += [("直属上级", who.manager)] if who.manager else []
    pairs.append(("已绑定平台", bound or "无"))
    hint = f"还可以绑定{'、'.join(lacking)}：发送「绑定」领取一次性码。" if lacking else ""
    return Card("我是谁", (Fields(tuple(pairs)), *((Note(hint),) if hint else ())))


def bind_code(code: str, minutes: int) -> Card:
    """A one-time code, and where to type it."""
    shown = f"{code[:4]}-{code[4:]}"
    return Card(
        "绑定其他平台",
        (
            Fields((("绑定码", shown), ("有效期", f"{minutes} 分钟，只能用一次"))),
            Text(f"请在要绑定的平台里打开动能，发送：绑定 {shown}"),
            Note("请勿转发：谁用了这个码，谁的账号就归到您名下。领取新码后旧码作废。"),
        ),
    )


def bound_here(who: Person, platform: str) -> Card:
    """On the new platform: it worked."""
    return Card(
        f"绑定成功 · {who.name}",
        (
            Fields((("身份", who.title or "还没有角色"), ("本平台", PLATFORM_WORDS[platform]))),
            Note("在各平台看到的是同一份线索和班表。"),
        ),
        Tone.GOOD,
        (Button("看看我能做什么", "帮助", primary=True),),
    )


def bound_there(who: Person, platform: str) -> Card:
    """Where the code was given out: it was used."""
    return Card(
        f"{who.name}，您的{PLATFORM_WORDS[platform]}账号已绑定",
        (Note("不是您本人操作？请立即联系管理员，在人员名单里改正账号。"),),
        Tone.GOOD,
    )


def without_role(platform: str, name: str, number: int) -> Card:
    """Somebody whom the contacts have, and who may do nothing yet."""
    return Card(
        f"{name or '您好'}，您在{PLATFORM_WORDS[platform]}通讯录里，但还没有动能的角色。"
        f"请把成员编号 {number} 发给管理员，开通后即可使用。\n"
        "在别的平台已能使用动能？请在那里发送「绑定」领取绑定码，再到这里发送「绑定 码」。"
    )


def handover(
    gone: tuple[int, str],
    heir: Person,
    leads: Sequence[LeadView],
    sellers: Sequence[tuple[int, str]],
    words: str = "",
) -> Card:
    """What came over from somebody who left, as (id, name), and whom to give it to."""
    number, name = gone
    ref = f"handover:{number}:{heir.id}"
    if not leads:
        return Card(f"{name} 已离职 · 名下线索都已安排", (Text(words),) if words else (), ref=ref)
    rows = tuple(
        (str(lead.id), lead.name, lead.heat.label[:2], lead.next_step or "—")
        for lead in leads[:MOST]
    )
    blocks: list[Block] = [Table(("编号", "线索", "动能", "下一步"), rows)]
    buttons: tuple[Button, ...] = ()
    if heir.is_any(DECIDERS) and sellers:
        every = (("all", f"全部（{len(leads)}条）"),)
        each = tuple((str(lead.id), f"{lead.id} {lead.company}") for lead in leads[: MOST - 1])
        blocks.append(Select("lead", "改派哪些", every + each, "all"))
        people = tuple((str(seller), word) for seller, word in sellers)
        blocks.append(Select("rep", "改派给", people))
        buttons = (Button("改派", f"交接改派 {number}", primary=True, submit=True),)
    more = f"共 {len(leads)} 条，显示前 {MOST} 条。" if len(leads) > MOST else ""
    blocks.append(Note(f"{more}{words}单条改派也可发送「改派 编号 姓名」。"))
    return Card(
        f"{name} 已离职 · {len(leads)} 条线索转到您名下", tuple(blocks), Tone.WARN, buttons, ref
    )


def departure(done: Handover, sellers: Sequence[tuple[int, str]]) -> list[Letter]:
    """Everyone who must know that somebody left: the heir, and who makes the rosters."""
    letters: list[Letter] = []
    name, words = done.gone.name, _messages(done)
    if done.heir:
        card = handover((done.gone.id, name), done.heir, done.leads, sellers, words)
        letters.append((done.heir, card, f"{done.key}:heir"))
    for head in done.store_heads:
        card = Card(
            f"店员离职 · {name}",
            (
                Text(f"{done.gone.store} 的 {name} 已离职。已发布的班表没有改动。"),
                Note("请检查其名下的班次；按「排班」可以用现有人手重排下周。"),
            ),
            Tone.WARN,
            (Button("排班", "排班"),),
        )
        letters.append((head, card, f"{done.key}:store:{head.id}"))
    return letters


def move(done: Move, key: str) -> list[Letter]:
    """The old and the new managers learn that somebody has changed places."""
    facts = [(label, f"{old or '无'} → {new or '无'}") for label, old, new in _places(done)]
    if done.leads:
        facts.append(("随同线索", f"{len(done.leads)} 条，仍由 {done.who.name} 负责"))
    card = Card(f"人员调动 · {done.who.name}", (Fields(tuple(facts)),))
    heads = {head.id: head for head in (*done.old_heads, *done.new_heads)}
    return [(head, card, f"{key}:{head.id}") for head in heads.values()]


def report(done: SyncReport, run: int) -> Card:
    """What a sync has brought; with too many missing, the question what to do about it."""
    title = f"通讯录同步 · {PLATFORM_WORDS[done.platform]}"
    if done.fault:
        return Card(f"{title}没有完成", (Text(done.fault),), Tone.WARN)
    facts = [("成员", f"{done.members} 人，{done.departments} 个部门")]
    for label, names in (
        ("新对应", done.joined),
        ("离职", done.left),
        ("停用本平台账号", done.closed),
        ("调动", done.moved),
        ("名单里有、通讯录没有", done.absent),
    ):
        facts += [(label, _names(names))] if names else []
    blocks: list[Block] = [Fields(tuple(facts))]
    if done.unmatched:
        blocks += [_unmatched(done.unmatched), Note(_HOW)]
    if not done.parting.why:
        return Card(title, tuple(blocks))
    blocks.insert(0, Text(f"{done.parting.why}。没有办理任何人离职，请确认："))
    buttons = (
        Button(f"确认 {len(done.parting.gone)} 人离职", f"确认离开 {run}", danger=True),
        Button("保留，不处理", f"保留成员 {run}", primary=True),
    )
    return Card(f"{title}需要确认", tuple(blocks), Tone.DANGER, buttons, f"sync:{run}")


def answered(words: str, run: int) -> Card:
    """The question about the missing has been decided."""
    return Card(words, (Note("下次同步会重新核对。"),), ref=f"sync:{run}")


def newcomer(platform: str, member: Listed) -> Card:
    """For admins: somebody new, and how to let them in."""
    return Card(
        f"新成员待授权 · {member.name or member.user}",
        (
            Fields((("平台", PLATFORM_WORDS[platform]), ("成员编号", str(member.id)))),
            Note(_HOW),
        ),
    )


def unmatched(members: Sequence[Listed]) -> Card:
    """未匹配: the members who are nobody we know."""
    if not members:
        return Card("没有未匹配的成员。各平台通讯录里的人都已对应到人员名单。")
    return Card(f"未匹配的成员 · {len(members)} 人", (_unmatched(members), Note(_HOW)))


_HOW = (
    "新同事：发送「成员授权 编号 角色 团队」，如「成员授权 12 销售代表 华东」。"
    "名单里已有的人：发送「成员归并 编号 姓名」。"
)


def _unmatched(members: Sequence[Listed]) -> Table:
    rows = [(str(item.id), item.name or item.user, masked(item.mobile)) for item in members[:MOST]]
    more = [("…", f"另有 {len(members) - MOST} 人，发送「未匹配」", "")]
    return Table(("编号", "姓名", "手机"), tuple(rows + (more if len(members) > MOST else [])))


def _names(names: Sequence[str]) -> str:
    more = f"等 {len(names)} 人" if len(names) > MOST else ""
    return "、".join(names[:MOST]) + more


def _messages(done: Handover) -> str:
    words = f"{done.redirected} 条未送达的消息改发给您。" if done.redirected else ""
    return words + (f"{done.dropped} 条未送达的消息已取消。" if done.dropped else "")


def _places(done: Move) -> Iterable[tuple[str, str, str]]:
    old, new = done.before, done.who
    for label, before, after in (
        ("团队", old.team, new.team),
        ("门店", old.store, new.store),
        ("上级", old.manager, new.manager),
    ):
        if before != after:
            yield label, before, after
