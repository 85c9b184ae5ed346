"""The seam: what a platform must offer, and what may go wrong with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.event import Event, Incoming
from cards.card import Card, Tone


class RejectedError(Exception):
    """The callback is forged, stale, malformed or not for us: HTTP 4xx, nothing kept.

    The message names the failed check ("signature", "timestamp", "receiver" …) and never
    holds a secret or the body.
    """

    def __init__(self, check: str, status: int = 403) -> None:
        super().__init__(check)
        self.check = check
        self.status = status


class DeliveryError(Exception):
    """A delivery did not happen; `done` holds what did, for the next try (see `Delivery.done`)."""

    def __init__(self, reason: str, *, done: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.done = dict(done or {})


class TransientError(DeliveryError):
    """Try again: network, 5xx, frequency. `after` is the wait in seconds the platform asked for."""

    def __init__(
        self, reason: str, *, after: float | None = None, done: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(reason, done=done)
        self.after = after


class UndeliverableError(DeliveryError):
    """Never try again. `reason` says in Chinese what happened; `advice` what an admin must do."""

    def __init__(self, code: str, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.code = code
        self.advice = advice


class CannotReplaceError(DeliveryError):
    """The card exists but can no longer be changed in place; a new message must be sent."""


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """What goes back over HTTP, already in the platform's own form."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Inline:
    """What the presser sees at once: the card in its new state, a short toast, or both."""

    card: Card | None = None
    toast: str = ""
    tone: Tone = Tone.INFO


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes on one platform: a person's id there, or a group's.

    `robot` names a group robot (`Robot.name` of the app's settings) that posts by webhook.
    """

    person: str = ""
    chat: str = ""
    robot: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way.

    `key` is ASCII, at most 50 characters of [0-9A-Za-z_-], and the same at every try: adapters
    use it as the platform's idempotency key wherever there is one.
    `handle` is a former Receipt's: the copy to change in place; None sends a new message.
    `done` is what an earlier try already achieved (the adapter's own keys), so that a message of
    two parts does not send its first part twice.
    """

    key: str
    to: Address
    card: Card
    handle: Mapping[str, str] | None = None
    done: Mapping[str, str] = field(default_factory=dict)
    urgent: bool = False
    """Make it ring by the platform's own means (Feishu 加急, DING); where there is none, ignore."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A documented frequency limit: `calls` in `seconds` for each app, person, group or robot."""

    scope: str  # "app", "person", "group" or "robot"
    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Member:
    """One person as a platform's directory knows them; "" or () where it does not tell."""

    user: str
    name: str
    mobile: str = ""
    departments: tuple[str, ...] = ()
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Department:
    """A department; `parent` is "" at the root."""

    id: str
    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a directory; `cursor` "" means it was the last."""

    members: tuple[Member, ...] = ()
    departments: tuple[Department, ...] = ()
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Download:
    """A file that somebody sent us."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of delivery. `handle` is all that is needed to change this copy later.

    Its key "message" is the id that a press on the card brings back in `Event.origin`.
    """

    handle: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A card in a platform's own form, and the names of the blocks it could not show as such.

    `dropped` names each loss with its substitute: ("chart→picture", "form→question").
    """

    payload: Mapping[str, object]
    dropped: tuple[str, ...] = ()


class Adapter(Protocol):
    """What each platform's folder offers; `decode`, `answer` and `render` are pure."""

    name: str
    app: str
    press_seconds: float
    """How long this platform leaves us to answer a press in place; 0 = answered later only."""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The documented frequency limits of sending, for the sender to keep."""
        ...

    def decode(self, incoming: Incoming) -> Event | WireAnswer | None:
        """Authenticate and read a callback.

        Returns the event; or the protocol's own answer (URL check); or None for an authentic
        callback that means nothing to us. Raises RejectedError for everything else, whatever
        the bytes: no other exception may leave.
        """
        ...

    def answer(self, incoming: Incoming, event: Event | None, inline: Inline | None) -> WireAnswer:
        """Acknowledge a callback that was decoded and kept, with what the presser sees at once."""
        ...

    def render(self, card: Card) -> Rendered:
        """Draw a card within the platform's limits; too long is cut with "…", never an error."""
        ...

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Send, or change in place.

        Raises TransientError, UndeliverableError or CannotReplaceError and nothing else.
        """
        ...

    async def recall(self, handle: Mapping[str, str]) -> None:
        """Take a message back where the platform can; raises as `deliver`."""
        ...

    async def directory(self, cursor: str) -> Page:
        """A page of the people and departments the app may see; "" begins. Raises as `deliver`."""
        ...

    async def download(self, origin: Mapping[str, str]) -> Download:
        """Fetch the file, picture or voice of an event by its origin. Raises as `deliver`."""
        ...


class Listener(Protocol):
    """A platform's long connection, in a process of its own (Feishu 长连接, DingTalk Stream)."""

    async def run(self, take: Callable[[Event], Awaitable[Inline | None]]) -> None:
        """Stay connected until cancelled; `take` keeps an event and returns a press's answer."""
        ...
