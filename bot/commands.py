"""Words and presses to handlers: what may be said, by whom, and what comes back."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.event import Event
from cards.card import Card, Tone
from config.policies import Policies
from crm.help import nearest
from crm.person import ROLE_WORDS, Person, Role
from crm.refusal import NotAllowedError, RefusedError

LONGEST = 1000  # characters of one sentence to us; reading Chinese dates is not linear


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A card for a colleague; `key` makes saying it twice the same as once."""

    to: Person
    card: Card
    key: str
    urgent: bool = False
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """What handlers and jobs alike are given, and where they leave what is to be said.

    Nobody reads a clock: `now` is given, aware, in UTC. What is sent or replaced leaves with the
    transaction of the work, or not at all.
    """

    tenant: str
    now: datetime
    zone: ZoneInfo
    policies: Policies
    base_url: str
    outgoing: list[Outgoing] = field(default_factory=list)
    replaced: list[Card] = field(default_factory=list)

    @property
    def local_now(self) -> datetime:
        """`now` as people's clocks show it."""
        return self.now.astimezone(self.zone)

    def send(
        self, to: Person, card: Card, *, key: str, urgent: bool = False, topic: str = ""
    ) -> None:
        """Tell a colleague, on the platform where that person works.

        `urgent` rings in quiet hours and beyond the daily cap; of two unsent messages to one
        person about the same `topic` ("reminder:17"; empty: the card's ref) the newer one leaves.
        """
        self.outgoing.append(Outgoing(to, card, key, urgent, topic))

    def replace(self, card: Card) -> None:
        """Change a card in place for everyone who has one of its ref."""
        self.replaced.append(card)

    def take_back(self) -> None:
        """Nothing of what was left here is to be said."""
        self.outgoing.clear()
        self.replaced.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(Work):
    """A handler's work: who said what, and everything that person could say."""

    event: Event
    person: Person
    table: Table


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back. A press shows `toast` at once; a card with a ref replaces its copies."""

    card: Card | None = None
    toast: str = ""
    tone: Tone = Tone.INFO


Reply = str | Card | Answer | None
Handler = Callable[[Context, "Args"], Awaitable[Reply]]


class OutdatedError(RefusedError):
    """The pressed card is no longer true; `card` shows how things stand."""

    def __init__(self, message: str, card: Card) -> None:
        super().__init__(message)
        self.card = card


class Args:
    """What follows the command word.

    `text` is all of it as typed; `words` are its parts; "v3" right after the number is `version`.
    """

    def __init__(self, text: str, form: Mapping[str, str], usage: str) -> None:
        self.text = text.strip()
        self.form = form
        self._usage = usage
        words = self.text.split()
        self.version: int | None = None
        if len(words) > 1 and (found := re.fullmatch(r"v(\d{1,9})", words[1], re.ASCII)):
            self.version = int(found[1])
            del words[1]
        self.words = tuple(words)

    def number(self, place: int, name: str) -> int:
        """The word at `place` as a positive number; RefusedError says what was expected."""
        word = self.words[place].lstrip("#") if place < len(self.words) else ""
        if not (word.isascii() and word.isdigit() and len(word) < 10):
            raise RefusedError(f"请写明{name}（数字）。用法：{self._usage}")
        return int(word)

    def required(self, name: str) -> str:
        """All the text; RefusedError if there is none."""
        if not self.text:
            raise RefusedError(f"请写明{name}。用法：{self._usage}")
        return self.text


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that can be said. `roles` empty means everybody; `hidden` is for buttons only."""

    words: tuple[str, ...]
    roles: frozenset[Role]
    usage: str
    help: str
    hidden: bool
    handler: Handler

    def allows(self, person: Person) -> bool:
        return not self.roles or person.is_any(self.roles)


class Commands:
    """A capability's commands; describing one touches nothing else."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.all: list[Command] = []

    def on(
        self,
        *words: str,
        roles: Iterable[Role] = (),
        usage: str,
        help: str,
        hidden: bool = False,
    ) -> Callable[[Handler], Handler]:
        def describe(handler: Handler) -> Handler:
            self.all.append(Command(words, frozenset(roles), usage, help, hidden, handler))
            return handler

        return describe


class Table:
    """All commands of the product; two owners of one word are a start-up error."""

    def __init__(self, parts: Iterable[Commands]) -> None:
        self.commands: list[Command] = []
        self._words: dict[str, Command] = {}
        for part in parts:
            for command in part.all:
                self.commands.append(command)
                for word in command.words:
                    if word.lower() in self._words:
                        raise ValueError(f"two commands answer to {word!r}")
                    self._words[word.lower()] = command
        self._longest = max((len(word) for word in self._words), default=0)

    def for_person(self, person: Person) -> list[Command]:
        """What this person can type, in the product's order."""
        return [item for item in self.commands if not item.hidden and item.allows(person)]

    def find(self, text: str) -> tuple[Command, str] | None:
        """The command that `text` begins with (longest word first), and the rest."""
        said = tidy(text)
        for length in range(min(self._longest, len(said)), 0, -1):
            command = self._words.get(said[:length].lower())
            if command and _is_boundary(said, length):
                return command, said[length:].lstrip(" :：,，")
        return None

    async def answer(self, ctx: Context) -> Reply:
        """Answer what was said or pressed.

        Raises RefusedError with the words for the person: not understood, not allowed, or no.
        """
        if len(ctx.event.text) > LONGEST:
            raise RefusedError(f"这条太长了，请控制在 {LONGEST} 字以内，分几条发也可以。")
        found = self.find(ctx.event.text)
        if found is None:
            raise RefusedError(self._not_understood(ctx.event.text, ctx.person))
        command, rest = found
        if not command.allows(ctx.person):
            raise NotAllowedError(
                f"「{command.words[0]}」需要{_roles(command.roles)}的权限。"
                "发送「帮助」看看您可以做什么；需要权限请联系管理员。"
            )
        return await command.handler(ctx, Args(rest, ctx.event.form, command.usage))

    def _not_understood(self, text: str, person: Person) -> str:
        near = nearest(tidy(text), self.for_person(person))
        lines = [f"没听懂「{_short(text)}」。您是不是想："]
        lines += [f"· {command.usage} —— {command.help}" for command in near]
        return "\n".join([*lines, "发送「帮助」看全部命令。"])


def tidy(text: str) -> str:
    """Letters, digits and spaces to half-width, invisible characters gone, one space each.

    Punctuation stays: it is part of what people write about their customers.
    """
    return " ".join(text.translate(_PLAIN).split())


_FULL_WIDTH = (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
_PLAIN = {
    **{code: code - 0xFEE0 for code in _FULL_WIDTH},
    **dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)),
    0x3000: " ",
}


def _is_boundary(said: str, length: int) -> bool:
    """「动能 华东」 and 「动能华东」 both work; 「helpful」 is not 「help」."""
    if length == len(said) or not said[length - 1].isascii():
        return True
    return not said[length].isascii() or not said[length].isalnum()


def _roles(roles: Iterable[Role]) -> str:
    return "或".join(ROLE_WORDS[role] for role in Role if role in set(roles))


def _short(text: str) -> str:
    return text if len(text) <= 20 else text[:20] + "…"
