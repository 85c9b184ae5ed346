"""Samples of what people and admins are told about people."""

from __future__ import annotations

from dataclasses import replace

from cards import person
from cards.gallery.lead import LEAD, OTHERS
from cards.gallery.sample import ADMIN, ANYONE, MANAGER, REP, STORE, Sample, sample
from crm.lead import Handover, Move
from crm.person import Listed, Parting, Person, Role, SyncReport

WHO = Person(
    3,
    "main",
    "李明",
    frozenset({Role.REP}),
    "华东一组",
    "",
    "钱进",
    ("医疗",),
    {"wecom": "liming", "feishu": "ou_liming"},
)
BOSS = replace(WHO, id=2, name="钱进", roles=frozenset({Role.MANAGER}), manager="")
CLERK = replace(WHO, id=7, name="孙浩", roles=frozenset({Role.STAFF}), team="", store="人民路店")
HEAD = replace(CLERK, id=1, name="王丽娜", roles=frozenset({Role.STORE_MANAGER}))
NEW = (
    Listed(12, "zhoujie", "周杰", "13800005678"),
    Listed(13, "ou_7d8a6e6df7621556ce0d21922b676706", ""),
)
SELLERS = ((4, "赵敏"), (5, "孙倩"))
LEADS = (LEAD, *OTHERS)
SYNCED = SyncReport(
    "wecom", 58, 6, ("赵敏", "孙倩"), ("周婷",), (), ("李明",), NEW, ("老系统测试",)
)


def samples() -> tuple[Sample, ...]:
    """Every view of people."""
    nobody = replace(WHO, roles=frozenset(), team="", manager="", accounts={})
    alarm = replace(SYNCED, left=(), parting=Parting((3, 4, 5), "一次少了 3 人，超过 5%"))
    failed = SyncReport("feishu", fault="应用没有通讯录权限，请在飞书开发者后台开通后重试")
    many = tuple(Listed(number, f"user{number}", f"成员{number}") for number in range(20, 45))
    gone = (WHO.id, WHO.name)
    return (
        sample(ANYONE, person.whoami, WHO),
        sample(ANYONE, person.whoami, nobody).called("nobody"),
        sample(ANYONE, person.bind_code, "A7K2M9QX", 10),
        sample(ANYONE, person.bound_here, WHO, "dingtalk"),
        sample(ANYONE, person.bound_there, WHO, "dingtalk"),
        sample(ANYONE, person.without_role, "feishu", "周杰", 12),
        sample(MANAGER, person.handover, gone, BOSS, LEADS, SELLERS, "2 条未送达的消息改发给您。"),
        sample(REP, person.handover, gone, replace(WHO, id=4), LEADS, ()).called("rep"),
        sample(MANAGER, person.handover, gone, BOSS, (), SELLERS).called("done"),
        sample(ADMIN, person.report, SYNCED, 31),
        sample(ADMIN, person.report, alarm, 32).called("alarm"),
        sample(ADMIN, person.report, failed, 33).called("failed"),
        sample(ADMIN, person.answered, "已保留 3 位成员，没有办理离职", 32),
        sample(ADMIN, person.newcomer, "dingtalk", NEW[0]),
        sample(ADMIN, person.unmatched, many),
        sample(ADMIN, person.unmatched, ()).called("empty"),
        *_letters(),
    )


def _letters() -> tuple[Sample, ...]:
    """Of the views that make several cards, the one that no other view makes."""
    left = Handover(CLERK, None, (), (HEAD,), 0, 0, "departure:7")
    moved = Move(replace(WHO, team="华南二组"), WHO, LEADS, (BOSS,), ())
    store, new_place = person.departure(left, ())[0], person.move(moved, "move:3")[0]
    return (
        Sample("person.departure", STORE, store[1]),
        Sample("person.move", MANAGER, new_place[1]),
    )
