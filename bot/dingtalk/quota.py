"""What counts against the organisation's monthly quota.

Source: open.dingtalk.com, dingtalk-application-development-platform-billing-model,
basic-interfaces-such-as-log-off-and-address-book, appendix-a-list-of-events-not-included-in-
webhook. The standard edition has 5,000 API calls and 3,000 pushes a calendar month.
"""

from __future__ import annotations

STANDARD_CALLS, STANDARD_PUSHES = 5_000, 3_000

_FREE_CALLS = (
    "/v1.0/oauth2/",
    "/v1.0/contact/",
    "/gettoken",
    "/get_jsapi_ticket",
    "/topapi/v2/user/",
    "/topapi/user/",
    "/topapi/v2/department/",
    "/topapi/role/",
    # webhooks are no API calls; answers to a session count as pushes
    "/robot/send",
)
_FREE_EVENTS = ("user_", "org_dept_", "label_", "org_admin_", "org_change", "check_")


def billed(path: str) -> bool:
    """Whether a call of `path` ("/v1.0/robot/oToMessages/batchSend") is counted."""
    return not path.startswith(_FREE_CALLS)


def billed_push(what: str) -> bool:
    """Whether the push of an event type is counted; messages and presses ("") are.

    Of presses the documents say nothing; to count them is the careful reading.
    """
    return not what.startswith(_FREE_EVENTS) or what == "check_in"
