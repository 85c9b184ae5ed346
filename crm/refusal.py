"""Saying no in words: what a rule raises when a person may not, or can no longer, do something."""

from __future__ import annotations


class RefusedError(Exception):
    """The message is Chinese, for the person, and says what to do next."""


class NotFoundError(RefusedError):
    """There is no such thing, or it is not for this person to see."""

    def __init__(self, what: str, name: object, hint: str) -> None:
        super().__init__(f"没有找到{what}「{name}」。{hint}")


class NotAllowedError(RefusedError):
    """The person lacks the role."""
