"""Leaving and moving: who takes over, so that no work is ever without an owner."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from crm.person.role import Person, Role
from crm.refusal import RefusedError

DECIDERS = (Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
SYSTEM = Person(0, "", "系统", frozenset(), "", "", "", (), {})
"""Who acts when nobody did: the sync, an event."""


def heir(gone: Person, people: Iterable[Person]) -> Person | None:
    """Who takes over from somebody: the manager by name, the team's, a director, an admin.

    Failing them all anybody who sells, then anybody at all; None only for an empty house.
    """
    others = sorted((who for who in people if who.id != gone.id), key=lambda who: who.id)
    order: tuple[Callable[[Person], bool], ...] = (
        lambda who: who.name == gone.manager and who.is_any(DECIDERS),
        lambda who: bool(gone.team) and who.team == gone.team and who.is_any((Role.MANAGER,)),
        lambda who: who.is_any((Role.DIRECTOR,)),
        lambda who: who.is_any((Role.ADMIN,)),
        lambda who: who.is_any((Role.MANAGER,)),
        lambda who: bool(gone.team) and who.team == gone.team and who.is_any((Role.REP,)),
        lambda who: who.is_any((Role.REP,)),
    )
    return next((who for fits in order for who in others if fits(who)), next(iter(others), None))


def check_leave(gone: Person, people: Iterable[Person]) -> None:
    """Raises RefusedError if nobody could give rights to anybody any more."""
    admins = [who for who in people if who.is_any((Role.ADMIN,)) and who.id != gone.id]
    if gone.is_any((Role.ADMIN,)) and not admins:
        raise RefusedError(
            f"{gone.name} 是最后一位管理员，请先在人员文件里指定另一位管理员，再办理离职。"
        )
