"""Small parts from which a platform's field rules are put together and read like its own table."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

Rule = Callable[[str, Any], None]
"""Checks a value; the first argument is its path, for the message of `WrongError`."""


class WrongError(Exception):
    """A field breaks a rule. `missing` tells an absent or empty field from a bad one."""

    def __init__(self, path: str, why: str, *, missing: bool = False) -> None:
        super().__init__(f"{path}: {why}")
        self.missing = missing


def text(
    *,
    chars: int = 0,
    octets: int = 0,
    among: Collection[str] = (),
    like: str = "",
    empty: bool = True,
) -> Rule:
    """A string; `chars` and `octets` (UTF-8) are upper limits, `like` a pattern for the whole."""

    def check(path: str, value: Any) -> None:
        if not isinstance(value, str):
            raise WrongError(path, "must be a string")
        if not empty and not value:
            raise WrongError(path, "must not be empty", missing=True)
        if chars and len(value) > chars:
            raise WrongError(path, f"{len(value)} characters, at most {chars}")
        if octets and len(value.encode()) > octets:
            raise WrongError(path, f"{len(value.encode())} bytes, at most {octets}")
        if among and value not in among:
            raise WrongError(path, f"must be one of {', '.join(sorted(among))}")
        if like and not re.fullmatch(like, value):
            raise WrongError(path, f"must be of the form {like}")

    return check


def link(octets: int = 2048) -> Rule:
    """A web address with its scheme."""
    return text(octets=octets, like=r"(?s)https?://.+", empty=False)


def number(*among: int) -> Rule:
    """An integer (not a string of digits, not a bool), one of `among` if given."""

    def check(path: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise WrongError(path, "must be an integer")
        if among and value not in among:
            raise WrongError(path, f"must be one of {', '.join(map(str, among))}")

    return check


def flag(path: str, value: Any) -> None:
    """A true or false."""
    if not isinstance(value, bool):
        raise WrongError(path, "must be true or false")


def many(rule: Rule, low: int, high: int, *, unique: str = "") -> Rule:
    """A list of `low` to `high` entries whose field `unique` differs."""

    def check(path: str, value: Any) -> None:
        if not isinstance(value, list):
            raise WrongError(path, "must be a list")
        if len(value) < low:
            raise WrongError(path, f"{len(value)} entries, at least {low}", missing=not value)
        if len(value) > high:
            raise WrongError(path, f"{len(value)} entries, at most {high}")
        for index, entry in enumerate(value):
            rule(f"{path}[{index}]", entry)
        if unique:
            seen = [entry[unique] for entry in value if unique in entry]
            if len(set(seen)) < len(seen):
                raise WrongError(path, f"{unique} must be unique")

    return check


def record(
    needed: Mapping[str, Rule],
    optional: Mapping[str, Rule] | None = None,
    *,
    then: Rule | None = None,
) -> Rule:
    """An object with these fields and no others; `then` looks at the whole afterwards."""
    known = {**needed, **(optional or {})}

    def check(path: str, value: Any) -> None:
        if not isinstance(value, dict):
            raise WrongError(path, "must be an object")
        for name in needed:
            if name not in value:
                raise WrongError(f"{path}.{name}", "is required", missing=True)
        for name, inner in value.items():
            if name not in known:
                raise WrongError(f"{path}.{name}", "is not a field here")
            known[name](f"{path}.{name}", inner)
        if then is not None:
            then(path, value)

    return check


def by_type(**needs: tuple[str, ...]) -> Rule:
    """For a record with `type`: the fields each value needs, as _1=("url",)."""

    def check(path: str, value: Any) -> None:
        for name in needs.get(f"_{value.get('type', 0)}", ()):
            if not value.get(name):
                raise WrongError(
                    f"{path}.{name}", f"is required for type {value['type']}", missing=True
                )

    return check
