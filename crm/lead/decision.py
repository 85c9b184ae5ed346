"""Decisions about a lead: each takes the version that was seen and refuses to act on an old one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from crm.lead.view import Deed, LeadPolicy, LeadView, Status
from crm.person import Person, Role
from crm.refusal import NotAllowedError, RefusedError

_EVERYWHERE = (Role.DIRECTOR, Role.ADMIN)
_SELLERS = (Role.REP, Role.MANAGER, Role.DIRECTOR)


class OutdatedError(RefusedError):
    """The card that was pressed shows an older version; the message names who did what since."""

    def __init__(self, lead: LeadView) -> None:
        what = f"{lead.last_deed}" if lead.last_deed else "情况已有变化"
        super().__init__(
            f"「{lead.name}」{what}，这张卡片已过时。发送「线索 {lead.id}」查看最新情况。"
        )
        self.lead = lead


def may_decide(lead: LeadView, by: Person) -> bool:
    """Directors and admins decide on every lead, managers on their team's and on team-less ones."""
    if by.is_any(_EVERYWHERE):
        return True
    return by.is_any((Role.MANAGER,)) and lead.team in ("", by.team)


def reassigned(lead: LeadView, *, to: Person, by: Person, seen: int, now: datetime) -> LeadView:
    """The lead in other hands, awake again.

    Raises:
        OutdatedError: `seen` is not the current version.
        NotAllowedError: `by` may not decide on this lead.
        RefusedError: closed, `to` does not sell, or has it already.
    """
    _check(lead, by, seen)
    if not to.is_any(_SELLERS):
        raise RefusedError(f"{to.name} 不是销售，请改派给销售代表或销售经理。")
    if to.id == lead.owner_id:
        raise RefusedError(f"「{lead.name}」已由 {to.name} 负责，请改派给其他人。")
    return _owned(lead, to, _deed(by, f"已改派给 {to.name}", now))


def taken_over(lead: LeadView, *, by: Person, seen: int, now: datetime) -> LeadView:
    """The lead in the decider's own hands. Raises as `reassigned`."""
    _check(lead, by, seen)
    if by.id == lead.owner_id:
        raise RefusedError(f"「{lead.name}」已由您负责，可以直接跟进：发送「跟进 {lead.id} …」。")
    return _owned(lead, by, _deed(by, "已接手", now))


def snoozed(
    lead: LeadView,
    *,
    until: datetime,
    by: Person,
    seen: int,
    now: datetime,
    policy: LeadPolicy,
) -> LeadView:
    """The lead left in peace until then; its energy fades on.

    Raises as `reassigned`, and RefusedError if `until` is not ahead or too far ahead.
    """
    _check(lead, by, seen)
    if until <= now:
        raise RefusedError("暂缓到的时间已经过去，请选一个将来的时间。")
    if until - now > timedelta(days=policy.snooze_max_days):
        raise RefusedError(
            f"最长可暂缓 {policy.snooze_max_days} 天，请选近一些的时间，或核销这条线索。"
        )
    local = until.astimezone(now.tzinfo)
    deed = _deed(by, f"已暂缓到 {local.month}月{local.day}日 {local:%H:%M}", now)
    return _changed(lead, deed, snoozed_until=until)


def written_off(
    lead: LeadView, *, reason: str, by: Person, seen: int, now: datetime, policy: LeadPolicy
) -> LeadView:
    """The lead given up, with the reason kept. Raises as `reassigned`, or without a reason."""
    _check(lead, by, seen)
    reason = reason.strip()
    if len(reason) < policy.reason_least:
        raise RefusedError(f"核销需要写明理由（至少 {policy.reason_least} 个字），例如：项目取消。")
    deed = _deed(by, f"已核销（{reason}）", now)
    return _changed(lead, deed, status=Status.WRITTEN_OFF, reason=reason, snoozed_until=None)


def claimed(lead: LeadView, *, by: Person, now: datetime) -> LeadView:
    """The lead taken from the pool; claiming one's own again changes nothing.

    Raises:
        RefusedError: closed, or someone else has it.
    """
    _check_open(lead)
    if lead.owner_id == by.id:
        return lead
    if lead.owner_id is not None:
        raise RefusedError(f"「{lead.name}」已由 {lead.owner_name} 领取，如需接手请联系经理改派。")
    if not by.is_any(_SELLERS):
        raise NotAllowedError("只有销售可以领取线索。")
    return _owned(lead, by, _deed(by, "已领取", now))


def followed_up(
    lead: LeadView, *, by: Person, now: datetime, next_step: str, next_step_at: datetime | None
) -> LeadView:
    """The lead after a touch, awake again, with the next step replaced.

    Raises:
        RefusedError: closed.
        NotAllowedError: neither the owner nor one who may decide.
    """
    _check_open(lead)
    if lead.owner_id != by.id and not may_decide(lead, by):
        owner = f"由 {lead.owner_name} 负责" if lead.owner_name else "还在公海"
        hint = "请联系负责人" if lead.owner_name else "请联系经理分派"
        raise NotAllowedError(f"「{lead.name}」{owner}，{hint}。")
    return _changed(
        lead,
        _deed(by, "已跟进", now),
        last_touch_at=now,
        next_step=next_step,
        next_step_at=next_step_at,
        snoozed_until=None,
    )


def won(lead: LeadView, *, by: Person, now: datetime) -> LeadView:
    """The lead closed as won. Raises as `followed_up`."""
    lead = followed_up(lead, by=by, now=now, next_step="", next_step_at=None)
    return replace(lead, status=Status.WON, last_deed=_deed(by, "已登记赢单", now))


def _check(lead: LeadView, by: Person, seen: int) -> None:
    """Rights first, so that a stranger learns nothing; then version, then status."""
    if not may_decide(lead, by):
        raise NotAllowedError("只有该线索所属团队的经理或总监可以这样处理，请联系您的经理。")
    if seen != lead.version:
        raise OutdatedError(lead)
    _check_open(lead)


def _check_open(lead: LeadView) -> None:
    if lead.status is not Status.OPEN:
        raise RefusedError(f"「{lead.name}」{lead.status.label}，不能再处理；如需重启请新建线索。")


def _owned(lead: LeadView, owner: Person, deed: Deed) -> LeadView:
    team = owner.team or lead.team
    return _changed(
        lead, deed, owner_id=owner.id, owner_name=owner.name, team=team, snoozed_until=None
    )


def _changed(lead: LeadView, deed: Deed, **values: Any) -> LeadView:
    return replace(lead, version=lead.version + 1, last_deed=deed, **values)


def _deed(by: Person, did: str, now: datetime) -> Deed:
    return Deed(by.name, did, now)
