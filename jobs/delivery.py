"""When messages leave, and what is told about those that did not."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.commands import Work
from cards import delivery as views
from cards.card import Card
from cards.parcel import Parcel
from crm.delivery import Held, held, mark
from crm.person import Role
from jobs.inbox import House
from jobs.outbox import post, send
from models import delivery, person
from models.db import transaction

log = logging.getLogger(__name__)

METERED = "dingtalk"  # the one platform that bills calls
NOTICES = "admin:"  # keys of what is told to admins: that it died is no news to them


class Gate:
    """Judges at the door, just before a message would ring."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def judge(self, parcel: Parcel) -> Held | None:
        """Why it must wait; None if it may go.

        Answers, urgent messages and changes of a card in place disturb nobody unasked.
        """
        if parcel.is_direct or parcel.is_urgent or parcel.handle is not None:
            return None
        policy = self._house.policies(parcel.tenant).delivery
        now = self._house.now().astimezone(self._house.zone)
        is_capped = bool(parcel.user and policy.daily_cap and not (parcel.chat or parcel.robot))
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        today = await delivery.pushed(parcel, since=midnight) if is_capped else 0
        return held(now, policy, today=today)


class Meter:
    """Counts calls that a platform bills: in memory at once, in the table at the next sweep.

    A crash loses what was counted since the last sweep, about a second.
    """

    def __init__(self, is_billed: Callable[[str], bool]) -> None:
        self._is_billed = is_billed
        self._calls: Counter[str] = Counter()

    def count(self, tenant: str, path: str) -> None:
        self._calls[tenant] += self._is_billed(path)

    def take(self, tenant: str) -> int:
        """What a tenant's calls came to since the last time."""
        return self._calls.pop(tenant, 0)


def sweep(
    house: House, wake_outbox: Callable[[], Awaitable[None]], meter: Meter | None = None
) -> Callable[[], Awaitable[int]]:
    """The room's drain: digests, dead letters, quota."""

    async def drain() -> int:
        said = 0
        for tenant in house.tenants:
            said += await _tidings(house, tenant)
            said += await _quota(house, tenant, meter)
        if said:
            await wake_outbox()
        return said

    return drain


async def _tidings(house: House, tenant: str) -> int:
    """Digests and dead letters of one tenant."""
    said, now = 0, house.now()
    for is_due, step in ((delivery.has_digests, _digests), (delivery.has_dead, _dead_letters)):
        if await is_due(tenant, now=now):
            async with transaction():
                work = house.work(tenant, now)
                said += await step(work)
                await post(work, house.apps_of(tenant))
    return said


async def _digests(work: Work) -> int:
    """One card a person for all that was held back."""
    due = await delivery.digests(work.tenant, now=work.now)
    for item in due:
        card = views.digest(
            [(held.id, held.title) for held in item.items], work.policies.delivery.daily_cap
        )
        await send(
            work,
            card,
            key=item.key,
            platform=item.platform,
            apps={item.platform: item.app},
            user=item.user,
            direct=True,  # it stands for what has waited already
        )
        await delivery.listed(item)
    return len(due)


async def _dead_letters(work: Work) -> int:
    """Tell the admins of new dead letters, all in one card, once in a while."""
    new = await delivery.unreported(work.tenant)
    letters = [row for row in new if not row.key.startswith(NOTICES)]
    every = timedelta(minutes=work.policies.delivery.dead_letter_minutes)
    if not letters:
        await delivery.report(new)
        return 0
    if not await delivery.may_tell(work.tenant, "dead_letters", now=work.now, every=every):
        return 0
    reasons = Counter((row.platform, row.reason) for row in letters)
    told = [(platform, reason, count) for (platform, reason), count in reasons.most_common()]
    await _tell_admins(work, views.dead_letters(told), f"dead:{letters[0].id}:{len(letters)}")
    await delivery.report(new)
    return 1


async def _quota(house: House, tenant: str, meter: Meter | None) -> int:
    """Write down what was counted, and warn once a mark."""
    calls = meter.take(tenant) if meter else 0
    now = house.now()
    month = f"{now.astimezone(house.zone):%Y-%m}"
    work = house.work(tenant, now)
    allowed = work.policies.delivery.dingtalk_calls
    if calls:
        await delivery.count_call(tenant, METERED, month, calls)
    used, told = await delivery.month_calls(tenant, METERED, month)
    reached = mark(used, allowed)
    if reached <= told:
        return 0
    async with transaction():
        if not await delivery.tell_mark(tenant, METERED, month, reached):
            return 0
        card = views.quota(METERED, used, allowed, reached)
        await _tell_admins(work, card, f"quota:{METERED}:{month}:{reached}")
        await post(work, house.apps_of(tenant))
    return 1


async def gauges(house: House) -> dict[str, float]:
    """What is held, and this month's billed calls with their quota."""
    kept = await delivery.counts()
    month = f"{house.now().astimezone(house.zone):%Y-%m}"
    used = allowed = 0
    for tenant in house.tenants:
        used += (await delivery.month_calls(tenant, METERED, month))[0]
        allowed += house.policies(tenant).delivery.dingtalk_calls
    return {
        "momentum_outbox_held": kept["held"],
        "momentum_outbox_listed": kept["listed"],
        "momentum_dingtalk_month_calls": used,
        "momentum_dingtalk_month_quota": allowed,
    }


async def _tell_admins(work: Work, card: Card, key: str) -> None:
    admins = await person.with_role(work.tenant, Role.ADMIN)
    if not admins:
        log.error("no admin to tell", extra={"what": key.partition(":")[0]})
    for admin in admins:
        work.send(admin, card, key=f"{NOTICES}{key}:{admin.id}")
