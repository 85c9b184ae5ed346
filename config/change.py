"""The next version of the policies: what it stores, and what the history says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from config import form
from config.policies import Policies, Stored, build, differences, merged
from crm.refusal import RefusedError

NOTHING = "没有改动：所有值都与现在相同，所以没有产生新版本。"
MOST_REASON = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest version's number, and the policies in force.

    Their versions differ while the newest cannot be used, as after an upgrade with new bounds.
    """

    newest: int
    policies: Policies

    @property
    def is_usable(self) -> bool:
        """Whether the newest version is the one in force."""
        return self.newest == self.policies.version


@dataclass(frozen=True, slots=True)
class Change:
    """What an admin makes the version after `after`."""

    after: int
    stored: Stored
    words: str
    reason: str
    action: str


def edit(standing: Standing, name: str, edits: Mapping[str, str], reason: str) -> Change:
    """A form's edits as a change; RefusedError if they change nothing or cannot be used.

    While the newest version cannot be used, saving the values in force is a change.
    """
    stored = merged(standing.policies, name, form.values(name, edits))
    lines = differences(standing.policies, build(standing.newest + 1, stored))
    if not lines and standing.is_usable:
        raise RefusedError(NOTHING)
    words = "；".join(lines) or "按现用值重新保存"
    return Change(standing.newest, stored, words, _tidy(reason), "policy.change")


def going_back(standing: Standing, number: int, stored: Stored, reason: str) -> Change:
    """An old version's values as a change; RefusedError if nothing differs or they cannot be used.

    Version 0 is the shipped values.
    """
    lines = differences(standing.policies, build(number, stored))
    if not lines and standing.is_usable:
        raise RefusedError(NOTHING)
    words = f"恢复到{f'版本 {number}' if number else '默认值'}：{'；'.join(lines)}"
    return Change(standing.newest, stored, words.rstrip("："), _tidy(reason), "policy.restore")


def _tidy(reason: str) -> str:
    return form.clean(reason)[:MOST_REASON]
