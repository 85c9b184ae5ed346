"""Working what came in: one transaction an event, all of it or nothing."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.adapter import Adapter, Inline
from bot.commands import Answer, Context, OutdatedError, Reply, Table, Work
from bot.event import Event, Kind
from bot.web import Worked, remembered
from cards import help as views
from cards import person as person_views
from cards.card import Card, Tone, note, to_json
from config.log import trace
from config.policies import Policies
from crm.person import Person
from crm.refusal import RefusedError
from jobs import unread
from jobs.outbox import Apps, post, send
from jobs.person.binding import Binder
from jobs.worker import goes_on
from models import inbox, outbox, person
from models.db import transaction
from models.person import contact

log = logging.getLogger(__name__)

TRIES = 5
DEATHS = 3  # so often in a row an event may be worked again whose worker died over it
LONGEST = 30.0  # seconds that working one event may take
ASK_SECONDS = 0.1  # between two looks whether another process is done
TOASTS = frozenset({"feishu", "dingtalk"})  # platforms that show a press's words at once
PLATFORM_WORDS = {"wecom": "企业微信", "feishu": "飞书", "dingtalk": "钉钉"}


@dataclass(frozen=True, slots=True)
class House:
    """What every piece of work is given, whoever does it."""

    now: Callable[[], datetime]
    zone: ZoneInfo
    policies: Callable[[str], Policies]
    base_url: str
    apps: Mapping[str, Apps]  # by tenant
    adapters: Mapping[tuple[str, str], Adapter] = field(default_factory=dict)
    """By platform and app: what jobs read contacts with; empty where nothing is to be read."""

    @property
    def tenants(self) -> tuple[str, ...]:
        """Every organisation that has an app here."""
        return tuple(self.apps)

    def apps_of(self, tenant: str) -> Apps:
        """The apps that speak for a tenant."""
        return self.apps.get(tenant, {})

    def work(self, tenant: str, now: datetime) -> Work:
        return Work(tenant, now, self.zone, self.policies(tenant), self.base_url)


class Inbox:
    """Answers events; any number of processes may do so side by side."""

    BATCH = 32

    def __init__(self, house: House, table: Table, wake_outbox: Callable[[], Awaitable[None]]):
        self._house = house
        self._table = table
        self._wake_outbox = wake_outbox
        self._since = house.now()
        self._binder = Binder()

    async def drain(self) -> int:
        """Work until nothing is due; events of one person in order, others side by side."""
        worked, tried = 0, set[int]()
        while goes_on() and (
            due := await inbox.due(now=self._house.now(), limit=self.BATCH, since=self._since)
        ):
            if tried.issuperset(item.id for item in due):
                break  # others have them
            tried.update(item.id for item in due)
            worked += await self._work_through(due)
        return worked

    async def _work_through(self, due: list[inbox.Due]) -> int:
        """Work a batch; returns how many are done.

        What may have killed a process before is counted before it is worked again; what has been
        in such a batch once is from then on worked alone, so that the innocent are found out.
        """
        old = [item for item in due if item.is_old and not item.recoveries]
        again = set(await inbox.begin_again(old, now=self._house.now())) if old else set[int]()
        ids = [item.id for item in due if not item.recoveries and not item.is_old]
        together = sorted([*ids, *again])
        done = list(await asyncio.gather(*(self._begin(entry) for entry in together)))
        done += [await self._work_alone(item) for item in due if item.recoveries]
        return sum(item is not None for item in done)

    async def _begin(self, id: int) -> Worked | None:
        return await self.work(id) if goes_on() else None

    async def _work_alone(self, item: inbox.Due) -> Worked | None:
        if not goes_on() or not await inbox.begin_again([item], now=self._house.now()):
            return None
        if item.recoveries + 1 < DEATHS:
            return await self.work(item.id)
        log.error("event buried: its worker died each time", extra={"inbox": item.id})
        await self._failed(item.id, "its worker died each time", is_last=True)
        return None

    async def work(self, id: int) -> Worked | None:
        """Work one event; None if somebody else did it or it failed and will be tried again."""
        try:
            async with transaction(), asyncio.timeout(LONGEST):
                row = await inbox.take(id)
                if row is None or not goes_on():
                    return None
                trace.set(row.trace)
                now = self._house.now()
                event = Event.from_json(json.loads(row.body))
                worked = await self._answer(event, f"in:{id}", now)
                await inbox.finish(row, answer=_kept(worked.inline), now=now)
        except Exception as fault:
            log.exception("event failed", extra={"inbox": id})
            await self._failed(id, f"{type(fault).__name__}: {fault}")
            return None
        log.info("event worked", extra={"inbox": id, "kind": event.kind.value})
        await self._wake_outbox()
        return worked

    async def drop(self, ids: tuple[int, ...]) -> None:
        """Take back messages that an answered press made needless."""
        await outbox.drop(ids)

    async def answered(self, id: int) -> Inline | None:
        """What the presser sees of a press that another process is working, once it is done."""
        while (answer := await inbox.answer(id)) is None:  # noqa: ASYNC110 — nobody tells us
            await asyncio.sleep(ASK_SECONDS)
        return remembered(answer)

    async def _failed(self, id: int, error: str, *, is_last: bool = False) -> None:
        """Note the failure; with the last one the person learns of it, both or neither."""
        async with transaction():
            row = await inbox.InboxRow.get(id=id)
            now, tries = self._house.now(), row.attempts + 1
            is_last = is_last or tries >= TRIES
            again = None if is_last else now + timedelta(seconds=2.0**row.attempts)
            if await inbox.fail(id, error=error, retry_at=again):
                await self._apologise(row, now)

    async def _apologise(self, row: inbox.InboxRow, now: datetime) -> None:
        try:
            event = Event.from_json(json.loads(row.body))
        except (ValueError, KeyError, TypeError):
            return  # what nobody can read has nobody to answer
        if event.person:
            sorry = note("刚才这条没有处理成功，已记录并通知管理员。请换个说法再试，或稍后重发。")
            work = self._house.work(event.tenant, now)
            await self._tell(work, event, sorry, f"in:{row.id}:failed")

    async def _answer(self, event: Event, key: str, now: datetime) -> Worked:
        work = self._house.work(event.tenant, now)
        if event.kind is Kind.NOTICE:
            await unread.notice(event, key, now)
        if event.kind is Kind.NOTICE or not (event.person or event.chat):
            return Worked(None)
        who = await person.by_account(event.tenant, event.platform, event.person)
        if who is None or not who.roles:
            apps = self._house.apps_of(event.tenant)
            bound = await self._binder.bind(work, event, apps, key)
            return await self._say(work, event, Answer(bound or await self._stranger(event)), key)
        if event.kind is Kind.ENTER:
            return await self._greet(work, event, who, key)
        if event.kind is Kind.UNKNOWN:
            return await self._say(work, event, Answer(await unread.answer(work, event, key)), key)
        return await self._obey(event, who, key, now)

    async def _stranger(self, event: Event) -> Card:
        """Whom the contacts have is told so: an admin only has to give a role."""
        row = await contact.by_user(event.tenant, event.platform, event.person)
        if row and row.is_present:
            return person_views.without_role(event.platform, row.name, row.id)
        return views.stranger(PLATFORM_WORDS[event.platform], event.person)

    async def _greet(self, work: Work, event: Event, who: Person, key: str) -> Worked:
        """Welcome somebody once; entering the chat again is no reason to speak."""
        first = await person.greet(event.tenant, event.platform, event.person, now=work.now)
        if not first:
            return Worked(None)
        welcome = views.welcome(who.name, self._table.for_person(who))
        return await self._say(work, event, Answer(welcome), key)

    async def _obey(self, event: Event, who: Person, key: str, now: datetime) -> Worked:
        house = self._house
        ctx = Context(
            tenant=event.tenant,
            now=now,
            zone=house.zone,
            policies=house.policies(event.tenant),
            base_url=house.base_url,
            event=event,
            person=who,
            table=self._table,
        )
        try:
            async with transaction():  # whoever is refused has changed nothing
                answer = _as_answer(await self._table.answer(ctx))
        except OutdatedError as late:
            ctx.take_back()
            return await self._outdated(ctx, late, key)
        except RefusedError as refused:
            ctx.take_back()
            answer = Answer(toast=str(refused), tone=Tone.WARN)
        return await self._say(ctx, event, answer, key)

    async def _outdated(self, ctx: Context, late: OutdatedError, key: str) -> Worked:
        """An old card was pressed: say so, and show how things stand, there and only there."""
        event, inline = ctx.event, Inline(late.card, str(late), Tone.WARN)
        if event.kind is Kind.PRESS:
            await outbox.adopt(ctx.tenant, late.card.ref, event.origin)
            await outbox.refresh(
                ctx.tenant, late.card, now=ctx.now, trace=trace.get(), pressed=event.origin
            )
            if event.platform not in TOASTS:
                await self._tell(ctx, event, note(str(late)), key)
            return Worked(inline)
        await self._tell(ctx, event, note(str(late)), key)
        return Worked(None)

    async def _say(self, work: Work, event: Event, answer: Answer, key: str) -> Worked:
        """Queue the answer and all else that was said; a press also gets what it shows at once."""
        pressed = event.kind is Kind.PRESS
        in_place = pressed and answer.card is not None and bool(answer.card.ref)
        if answer.card and answer.card.ref:
            if pressed:
                await outbox.adopt(work.tenant, answer.card.ref, event.origin)
            work.replace(answer.card)
        if answer.card and not in_place:
            await self._tell(work, event, answer.card, key)
        if answer.toast and not (pressed and event.platform in TOASTS):
            await self._tell(work, event, note(answer.toast), f"{key}:toast")
        told = (event.platform, event.person)
        origin = event.origin if pressed else None
        needless = await post(work, self._house.apps_of(work.tenant), pressed=origin, told=told)
        if not pressed:
            return Worked(None)
        return Worked(
            Inline(answer.card if in_place else None, answer.toast, answer.tone), needless
        )

    async def _tell(self, work: Work, event: Event, card: Card, key: str) -> None:
        """Answer where the event came from."""
        apps: Mapping[str, str] = {event.platform: event.app}
        await send(
            work,
            card,
            key=key,
            platform=event.platform,
            apps=apps,
            user=event.person,
            chat=event.chat,
            direct=True,
            origin=_way_back(event),
        )


def _way_back(event: Event) -> Mapping[str, str]:
    """What an answer needs to go where a bot was asked; nothing for all who are simply written to.

    A press's "message" names the pressed card, which this answer does not change.
    """
    if not event.origin.get("response_url"):
        return {}
    return {name: value for name, value in event.origin.items() if name != "message"}


def _as_answer(reply: Reply) -> Answer:
    match reply:
        case None:
            return Answer()
        case str():
            return Answer(toast=reply)
        case Card():
            return Answer(reply)
    return reply


def _kept(inline: Inline | None) -> str:
    """What a repeated press is answered with."""
    if inline is None:
        return ""
    card = to_json(inline.card) if inline.card else None
    told = {"card": card, "toast": inline.toast, "tone": inline.tone}
    return json.dumps(told, ensure_ascii=False)
