"""The emulator's shared desk: what is on the three phones, and what went over the wire.

The platform sides (`wecom.py`, `feishu.py`, `dingtalk.py`) put bubbles on phones and record every
exchange; the page reads both and types and presses through `Side`. Nothing here knows Momentum:
this is the platforms' half of the world.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resident:
    """Someone with a phone: `user` is the platform's id (userid, open_id, staffId)."""

    platform: str
    user: str
    name: str
    title: str


@dataclass(slots=True)
class Bubble:
    """One message on one person's phone.

    `kind` is the platform's own word (text, template_card, interactive, image, markdown …) and
    `body` the platform's own JSON of the message as it is shown now; for a picture, `body` has
    "media", a key for `Desk.media`. `version` rises when a card is changed in place. `greyed`
    holds the caption that replaced the buttons.
    """

    id: str
    platform: str
    user: str
    mine: bool  # typed by this person, not by the robot
    at: str
    kind: str
    body: Json
    version: int = 1
    greyed: str = ""
    toast: str = ""


@dataclass(slots=True)
class Exchange:
    """One HTTP request and its answer, readable: `request` and `response` are decrypted.

    `direction` is "in" for a callback to Momentum and "out" for a call to the platform's API.
    Tokens and secrets are masked before they come here.
    """

    id: int
    platform: str
    direction: str
    at: str
    method: str
    path: str
    status: int
    ms: float
    request: Any
    response: Any
    user: str = ""
    note: str = ""  # "encrypted, 412 bytes", or why a call was refused


class Side(Protocol):
    """What a platform's emulation offers the page (and the tests)."""

    async def say(self, user: str, text: str) -> None:
        """The person types; the callback goes to Momentum and is repeated as the platform would."""
        ...

    async def press(self, user: str, bubble: str, button: Json, form: dict[str, str]) -> str:
        """The person presses. `button` identifies the element in the platform's own terms:

        WeCom {"key"}, Feishu {"value", "name"?}, DingTalk {"id", "params"} (card) or {"dtmd"}
        (link in markdown). `form` has the card's inputs by name. Returns the toast shown, if any.
        """
        ...


@dataclass(slots=True)
class Desk:
    """State of all phones and the wire log; `changed` is called after every change."""

    now: Callable[[], datetime]
    residents: list[Resident] = field(default_factory=list)
    bubbles: dict[str, Bubble] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    media: dict[str, tuple[str, bytes]] = field(default_factory=dict)  # key → (content type, bytes)
    changed: list[Callable[[str, Json], None]] = field(default_factory=list)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    KEEP = 400

    def next_id(self) -> int:
        return next(self._ids)

    def show(self, bubble: Bubble) -> None:
        """Put a new or changed bubble on its phone."""
        self.bubbles[bubble.id] = bubble
        self._tell("bubble", asdict(bubble))

    def record(self, exchange: Exchange) -> None:
        """Keep an exchange; only the newest are kept."""
        self.exchanges.append(exchange)
        del self.exchanges[: -self.KEEP]
        self._tell("exchange", asdict(exchange))

    def _tell(self, kind: str, data: Json) -> None:
        for listener in list(self.changed):
            listener(kind, data)
