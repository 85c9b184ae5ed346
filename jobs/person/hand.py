"""`main.py people sync` and `people leave`: the jobs' work at once, from the command line."""

from __future__ import annotations

from bot.adapter import TransientError
from crm.person import PLATFORM_WORDS, SyncReport, check_leave
from crm.refusal import NotFoundError, RefusedError
from jobs.inbox import House
from jobs.outbox import post
from jobs.person.tasks import tell, tell_departures
from jobs.person.walk import walked
from models import person
from models.db import transaction
from models.person import moving, settling

TRIES = 3  # of a page, before the command gives up; the walk is kept, so the next one goes on


async def sync_now(house: House, tenant: str, platform: str, *, is_sure: bool) -> list[str]:
    """Read a platform's contacts to the end and carry out what follows; the report, line by line.

    `is_sure` lets everybody go who is missing, however many they are.
    """
    adapter = house.adapters[platform, house.apps_of(tenant)[platform]]
    failures = 0
    while True:
        try:
            is_last = failures + 1 >= TRIES
            read = await walked(adapter, tenant, now=house.now(), is_last_try=is_last)
        except TransientError:
            failures += 1
            continue
        if read.fault:
            return _lines(SyncReport(platform, fault=read.fault))
        if read.walk.is_whole:
            break
    async with transaction():
        work = house.work(tenant, house.now())
        done = await settling.settle(
            tenant, read.walk, work.policies.person, now=work.now, is_sure=is_sure
        )
        if done is None:
            return [f"{PLATFORM_WORDS[platform]}：另一个进程刚刚完成了同步"]
        await tell_departures(work, done.handovers)
        await tell(work, done.report, read.walk.id)
        await post(work, house.apps_of(tenant))
    return _lines(done.report)


async def leave_now(house: House, tenant: str, name: str) -> str:
    """Somebody leaves; what happened, in words. Raises RefusedError."""
    async with transaction():
        work = house.work(tenant, house.now())
        named = await person.by_name(tenant, name)
        if not named:
            raise NotFoundError("同事", name, "请核对姓名，或此人已办理离职。")
        if len(named) > 1:
            which = "；".join(f"#{who.id} {who.title}" for who in named)
            raise RefusedError(
                f"有 {len(named)} 位「{name}」（{which}），请在聊天里发送「离职 #编号」。"
            )
        check_leave(named[0], await person.everyone(tenant))
        done = await moving.leave(named[0], now=work.now, why="命令行办理")
        if done is None:
            raise RefusedError(f"{name} 已办理过离职。")
        await tell_departures(work, [done])
        await post(work, house.apps_of(tenant))
    to = done.heir.name if done.heir else "无人可交接"
    return f"{name} 已离职：{len(done.leads)} 条线索交给 {to}，账号已停用"


def _lines(report: SyncReport) -> list[str]:
    word = PLATFORM_WORDS[report.platform]
    if report.fault:
        return [f"{word}：没有完成。{report.fault}"]
    counts = (
        f"成员 {report.members} 人，部门 {report.departments} 个，"
        f"新对应 {len(report.joined)} 人，离职 {len(report.left)} 人，"
        f"停用账号 {len(report.closed)} 个，未匹配 {len(report.unmatched)} 人"
    )
    lines = [f"{word}：{counts}"]
    if report.parting.why:
        lines.append(
            f"  {report.parting.why}；未办理离职，请管理员在卡片上确认，或加 --confirm 重跑"
        )
    lines += [f"  未匹配：{item.id} {item.name or item.user}" for item in report.unmatched]
    lines += [f"  名单里有、通讯录没有：{name}" for name in report.absent]
    return lines
