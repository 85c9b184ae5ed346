"""What a change in the company's contacts says, under the names all platforms use."""

from __future__ import annotations

from bot.event import Json
from bot.feishu.envelope import Envelope
from bot.feishu.shape import listed, record, words

CHANGES = {"created_v3": "created", "updated_v3": "updated", "deleted_v3": "deleted"}
GONE = ("is_resigned", "is_frozen", "is_exited")


def facts(envelope: Envelope) -> dict[str, str]:
    """Facts of a contact.* event, {} for any other.

    change_type is created, updated or deleted. A person: user, name, mobile, departments (ids
    joined with ","), active ("false" once resigned or frozen). A department: department, name,
    parent. A changed range of what the app may see: `added` and `removed` people.
    """
    what, _, change = envelope.type.removeprefix("contact.").partition(".")
    if not envelope.type.startswith("contact.") or change not in CHANGES:
        return {}
    thing, old = record(envelope.event, "object"), record(envelope.event, "old_object")
    found = {"change_type": CHANGES[change]}
    if what == "user":
        found |= _person(thing, old, gone=change == "deleted_v3")
    elif what == "department":
        found |= _department(thing)
    elif what == "scope":
        for side in ("added", "removed"):
            people = listed(envelope.event, side, "users")
            found[side] = ",".join(filter(None, (words(one, "open_id") for one in people)))
    return {name: text for name, text in found.items() if text}


def mobile(text: str) -> str:
    """A number as people write it: mainland China's without +86."""
    return text.removeprefix("+86")


def is_active(status: Json) -> bool:
    """Whether somebody still works here; a status that is not told counts as yes."""
    return not any(status.get(name) is True for name in GONE)


def _person(thing: Json, old: Json, *, gone: bool) -> dict[str, str]:
    # the new departments are documented never to come; after a deletion the old ones are the last
    departments = listed(thing, "department_ids") or (listed(old, "department_ids") if gone else [])
    active = not gone and is_active(record(thing, "status"))
    return {
        "user": words(thing, "open_id") or words(old, "open_id"),
        "name": words(thing, "name"),
        "mobile": mobile(words(thing, "mobile")),
        "departments": ",".join(filter(None, map(words, departments))),
        "active": "" if active else "false",
    }


def _department(thing: Json) -> dict[str, str]:
    parent = words(thing, "parent_department_id")
    return {
        "department": words(thing, "open_department_id") or words(thing, "department_id"),
        "name": words(thing, "name"),
        "parent": "" if parent == "0" else parent,
    }
