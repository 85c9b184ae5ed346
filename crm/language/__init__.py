"""What a sentence of a rep means: numbers, money, dates, phones, and the two phrases they type."""

from crm.language.capture import Captured, capture
from crm.language.characters import normal, simplified
from crm.language.followup import FollowUp, Subject, channel, followup, split_subject
from crm.language.moment import Precision, When, when, whens
from crm.language.money import Money, moneys
from crm.language.numeral import Number, numbers
from crm.language.phone import Phone, mobiles, phones

__all__ = [
    "Captured",
    "FollowUp",
    "Money",
    "Number",
    "Phone",
    "Precision",
    "Subject",
    "When",
    "capture",
    "channel",
    "followup",
    "mobiles",
    "moneys",
    "normal",
    "numbers",
    "phones",
    "simplified",
    "split_subject",
    "when",
    "whens",
]
