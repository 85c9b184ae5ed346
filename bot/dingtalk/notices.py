"""Event subscriptions: what DingTalk tells about people, groups and approvals."""

from __future__ import annotations

import hashlib

from bot.adapter import RejectedError
from bot.dingtalk.messages import Home
from bot.dingtalk.reading import flat, moment, parsed
from bot.event import Event, Incoming, Kind

URL_CHECKS = {"check_url", "check_create_suite_url", "check_update_suite_url"}
ACTORS = ("optstaffid", "operator", "staffid")


def notice_event(home: Home, incoming: Incoming, raw: bytes) -> Event | None:
    """Read a decrypted event; None is the console's check of our address.

    The case of field names differs between transports and years, so `origin` has them in lower
    case; lists of plain values are joined with ",".

    Raises RejectedError when it is for another organisation, or no JSON object.
    """
    fields = {name.lower(): flat(value) for name, value in parsed(raw).items()}
    what = fields.get("eventtype", "")
    if what in URL_CHECKS:
        return None
    corp = fields.get("corpid", "")
    if corp and home.settings.corp_id and corp != home.settings.corp_id:
        raise RejectedError("receiver")
    return Event(
        platform="dingtalk",
        app=home.app,
        tenant=home.tenant,
        key=fields.get("eventid", "") or hashlib.sha256(raw).hexdigest(),
        person=next((fields[name] for name in ACTORS if fields.get(name)), ""),
        chat=fields.get("openconversationid", ""),
        kind=Kind.NOTICE if what else Kind.UNKNOWN,
        text=what,
        at=moment(fields.get("eventtime") or fields.get("timestamp"), incoming.at),
        origin=fields,
    )
