"""A lead as the rules see it, the decisions about it, and the words that help to win it back."""

from crm.lead.advice import Advice, next_step_advice
from crm.lead.decision import (
    OutdatedError,
    claimed,
    followed_up,
    may_decide,
    reassigned,
    snoozed,
    taken_over,
    won,
    written_off,
)
from crm.lead.handover import Handover, Move, handed_over, moved_along
from crm.lead.talk import Seen, Touch, win_back
from crm.lead.view import Deed, LeadPolicy, LeadView, Status, masked, money, problems

__all__ = [
    "Advice",
    "Deed",
    "Handover",
    "LeadPolicy",
    "LeadView",
    "Move",
    "OutdatedError",
    "Seen",
    "Status",
    "Touch",
    "claimed",
    "followed_up",
    "handed_over",
    "masked",
    "may_decide",
    "money",
    "moved_along",
    "next_step_advice",
    "problems",
    "reassigned",
    "snoozed",
    "taken_over",
    "win_back",
    "won",
    "written_off",
]
