"""Event subscriptions: what DingTalk tells about people, groups, attendance and approvals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.adapter import RejectedError
from bot.dingtalk.messages import Home
from bot.dingtalk.reading import digest, flat, moment, parsed
from bot.event import Event, Kind

URL_CHECKS = {"check_url", "check_create_suite_url", "check_update_suite_url"}
ACTORS = ("optstaffid", "operator", "staffid")

PEOPLE = {
    "user_add_org": "created",
    "user_active_org": "updated",
    "user_modify_org": "updated",
    "user_leave_org": "deleted",
}
DEPARTMENTS = {
    "org_dept_create": "created",
    "org_dept_modify": "updated",
    "org_dept_remove": "deleted",
}


def notice_event(
    home: Home, raw: bytes | str, at: datetime, heads: Mapping[str, str] | None = None
) -> Event | None:
    """Read a decrypted event that came `at`; None is the console's check of our address.

    The case of field names differs between transports and years, so `origin` has them in lower
    case; lists of plain values are joined with ",". A change of contacts has besides, under the
    names that all platforms share, "change_type" (created, updated, deleted), "user" and
    "departments". By Stream the type and the ids are in the frame: `heads` holds them.

    Raises RejectedError when it is for another organisation, or no JSON object.
    """
    fields = {name.lower(): flat(value) for name, value in parsed(raw).items()}
    fields |= {name: value for name, value in (heads or {}).items() if value}
    what = fields.get("eventtype", "")
    if what in URL_CHECKS:
        return None
    corp = fields.get("corpid", "")
    if corp and home.settings.corp_id and corp != home.settings.corp_id:
        raise RejectedError("receiver")
    actor = next((fields[name] for name in ACTORS if fields.get(name)), "")
    return Event(
        platform="dingtalk",
        app=home.app,
        tenant=home.tenant,
        key=fields.get("eventid", "") or digest(raw),
        person=actor if what else "",  # nobody is answered for what we cannot even name
        chat=fields.get("openconversationid", ""),
        kind=Kind.NOTICE if what else Kind.UNKNOWN,
        text=what,
        at=moment(fields.get("eventtime") or fields.get("timestamp"), at),
        origin={**fields, **_change(what, fields)},
    )


def _change(what: str, fields: Mapping[str, str]) -> dict[str, str]:
    """A contact change in the words that all platforms share; {} for any other event."""
    if what in PEOPLE:
        found = {"change_type": PEOPLE[what], "user": fields.get("userid", "")}
        departments = fields.get("deptid", "")
        return found | ({"departments": departments} if departments else {})
    if what in DEPARTMENTS:
        return {"change_type": DEPARTMENTS[what], "departments": fields.get("deptid", "")}
    return {}
