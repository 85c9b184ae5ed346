"""绑定 typed by somebody we do not know yet: the code says who it is."""

from __future__ import annotations

from bot.commands import Work, tidy
from bot.event import Event, Kind
from bot.throttle import Throttle
from cards import person as views
from cards.card import Card, note
from crm.person.binding import code_in
from crm.refusal import RefusedError
from jobs.outbox import Apps, send
from models import person
from models.db import transaction


class Binder:
    """Joins accounts by codes; whoever guesses is slowed down."""

    def __init__(self) -> None:
        self._tries = Throttle(limit=5, seconds=600)

    async def bind(self, work: Work, event: Event, apps: Apps, key: str) -> Card | None:
        """The answer to a stranger who typed a code; None if nothing like it was said."""
        code = code_in(tidy(event.text)) if event.kind is Kind.MESSAGE else ""
        if not code or not event.person:
            return None
        try:
            self._tries.check(f"{event.platform}:{event.person}")
            async with transaction():  # a refused code has changed nothing
                who, given = await person.use_code(
                    event.tenant, code, platform=event.platform, user=event.person, now=work.now
                )
        except RefusedError as refused:
            return note(str(refused))
        if given.user and given.platform in apps:
            await send(
                work,
                views.bound_there(who, event.platform),
                key=f"{key}:bound",
                platform=given.platform,
                apps=apps,
                user=given.user,
                direct=True,
            )
        return views.bound_here(who, event.platform)
