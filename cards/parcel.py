"""A card on its way to one person or group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cards.card import Card


@dataclass(frozen=True, slots=True)
class Parcel:
    """One row of the outbox, ready to deliver.

    `handle` names the copy to change in place; None sends a new message. `done` is what an
    earlier try already achieved. `origin` is that of the event which a new message answers, where
    the platform takes the answer that way. `attempts` counts the tries before this one.
    """

    id: int
    key: str
    tenant: str
    platform: str
    app: str
    user: str
    chat: str
    card: Card
    attempts: int
    trace: str
    handle: Mapping[str, str] | None = None
    done: Mapping[str, str] = field(default_factory=dict)
    lane: str = ""
    robot: str = ""
    origin: Mapping[str, str] = field(default_factory=dict)
    is_direct: bool = False
    is_urgent: bool = False
