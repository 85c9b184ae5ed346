"""Voices made words, and customers' messages fetched: both then lie in the inbox."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

from bot.adapter import TransientError, UndeliverableError
from bot.commands import Work
from bot.event import Event, Kind
from cards.card import note
from config.log import trace
from jobs.outbox import send
from jobs.task import Job, TaskWork
from jobs.unread import HEAR, PULL
from models import inbox, task

log = logging.getLogger(__name__)

TRIES = 3  # somebody waits for the answer
PAGES = 5  # of customers' messages in one piece of work
_GROUP = 200  # rows in one statement


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said; else why it could not be heard, in Chinese, with what to do."""

    words: str = ""
    fault: str = ""


class Message(Protocol):
    """A customer's message as an adapter returns it."""

    key: str
    service: str
    customer: str
    text: str
    at: datetime
    media_id: str


class Pulled(Protocol):
    """A page of them, and the cursor behind it."""

    messages: tuple[Message, ...]
    cursor: str


async def hear(work: TaskWork) -> Heard:
    """Have a voice message recognised by the platform it came from."""
    event = Event.from_json(work.args["event"])
    recognise = getattr(work.adapters.get((event.platform, event.app)), "recognise", None)
    if recognise is None:
        return Heard(fault="这里还不能识别语音，请改用文字。")
    try:
        words = await recognise(event.origin)
    except UndeliverableError as fault:
        return Heard(fault=f"没有听清这条语音：{fault.reason}。{fault.advice}。")
    except TransientError:
        if work.attempts + 1 < TRIES:
            raise
        return Heard(fault="语音识别暂时不可用，请改用文字，或稍后再说一次。")
    return Heard(words) if words else Heard(fault="没有听到说话。请再说一次，或改用文字。")


async def understand(work: TaskWork, heard: Heard) -> None:
    """What was heard is answered as if it had been typed."""
    event = Event.from_json(work.args["event"])
    if heard.fault:
        await _tell(work, event, heard.fault)
        return
    await _tell(work, event, f"听到：{heard.words}")
    said = replace(event, key=f"{event.key[:184]}:heard", kind=Kind.MESSAGE, text=heard.words)
    await inbox.store([(said, trace.get())], now=work.now, press_wait=timedelta())


async def _tell(work: Work, event: Event, words: str) -> None:
    await send(
        work,
        note(words),
        key=f"heard:{event.platform}:{event.app}:{event.key}"[:190],
        platform=event.platform,
        apps={event.platform: event.app},
        user=event.person,
        chat=event.chat,
        direct=True,
    )


async def pull(work: TaskWork) -> list[Pulled]:
    """Some pages of what customers wrote since the last time."""
    origin: Mapping[str, str] = work.args["origin"]
    adapter = work.adapters.get((work.args["platform"], work.args["app"]))
    customers = getattr(adapter, "customers", None)
    if customers is None:
        return []
    begin = await task.read_to(work.tenant, _place(work))
    pages: list[Pulled] = []
    async with aclosing(cast(Any, customers(origin, begin))) as found:
        async for page in cast(AsyncIterator[Pulled], found):
            pages.append(page)
            if len(pages) == PAGES:
                break
    return pages


async def keep(work: TaskWork, pages: list[Pulled]) -> None:
    """Keep them as facts, each once, together with how far we have read."""
    events = [_event(work, message) for page in pages for message in page.messages]
    for at in range(0, len(events), _GROUP):
        group = [(event, trace.get()) for event in events[at : at + _GROUP]]
        await inbox.store(group, now=work.now, press_wait=timedelta())
    if pages:
        await task.keep_place(work.tenant, _place(work), pages[-1].cursor)
    if len(pages) == PAGES:
        key = f"{PULL}:{_place(work)}:{pages[-1].cursor}"[:190]
        await task.ask(work.tenant, PULL, key=key, now=work.now, args=work.args, at=None)
    log.info("customers' messages kept", extra={"count": len(events)})


def _place(work: TaskWork) -> str:
    return f"{PULL}:{work.args['platform']}:{work.args['app']}:{work.args['origin']['open_kfid']}"


def _event(work: TaskWork, message: Message) -> Event:
    origin = {
        "event": "customer_message",
        "open_kfid": message.service,
        "external_user": message.customer,
        "media_id": message.media_id,
    }
    return Event(
        platform=work.args["platform"],
        app=work.args["app"],
        tenant=work.tenant,
        key=f"kf:{message.key}"[:190],
        person="",
        chat="",
        kind=Kind.NOTICE,
        text=message.text,
        at=message.at,
        origin={name: value for name, value in origin.items() if value},
    )


JOBS = (Job(HEAR, understand, hear), Job(PULL, keep, pull))
