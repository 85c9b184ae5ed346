"""The tables: messages to places, the copies of cards and their newest editions."""

from __future__ import annotations

import json

from tortoise import fields
from tortoise.models import Model

from cards.card import Card, to_json
from models.moment import MomentField

NEW, SENT, DEAD, DROPPED = "new", "sent", "dead", "dropped"
HELD, LISTED, RECALLED = "held", "listed", "recalled"
STATES = (NEW, HELD, LISTED, SENT, DEAD, DROPPED, RECALLED)
"""held: waits for the morning or the digest; listed: the digest named it, nobody asked for it."""

UNSEEN = (NEW, HELD, LISTED)
ANSWER, URGENT, GRAVE, USUAL = range(4)
"""Ranks: of two messages that wait for one person, the lower leaves first."""


class OutboxRow(Model):
    """One message to one place, unique on (tenant, key), so a repeated job sends nothing new."""

    id = fields.BigIntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    key = fields.CharField(max_length=190)
    platform = fields.CharField(max_length=16)
    app = fields.CharField(max_length=64)
    user = fields.CharField(max_length=128, default="")
    chat = fields.CharField(max_length=190, default="")
    robot = fields.CharField(
        max_length=64, default=""
    )  # a group robot, by its name in the settings
    lane = fields.CharField(max_length=200)  # messages of one lane leave in order
    direct = fields.BooleanField(default=False)  # an answer to what this person has just said
    urgent = fields.BooleanField(default=False)
    rank = fields.SmallIntField(default=USUAL)
    origin = fields.TextField(default="{}")  # of the event it answers, where the answer needs it
    topic = fields.CharField(max_length=100, default="")  # a newer one takes an unsent one's place
    ref = fields.CharField(max_length=100, default="")
    edition = fields.IntField(default=0)  # which edition of the card `ref` this is
    card = fields.TextField()
    copy_id = fields.BigIntField(null=True)  # the copy to change in place
    state = fields.CharField(max_length=8, default=NEW)
    attempts = fields.IntField(default=0)
    replays = fields.IntField(default=0)  # a replay must not look like a repetition to the platform
    not_before = MomentField()
    leased_until = MomentField(null=True)
    done = fields.TextField(default="{}")
    code = fields.CharField(max_length=64, default="")
    reason = fields.CharField(max_length=400, default="")
    trace = fields.CharField(max_length=32, default="")
    created_at = MomentField()
    sent_at = MomentField(null=True)
    handle = fields.TextField(default="{}")  # where it lies, to take it back
    is_reported = fields.BooleanField(default=False)  # admins know that it is a dead letter

    class Meta:
        table = "outbox"
        unique_together = (("tenant", "key"),)
        indexes = (("state", "not_before"), ("lane", "state", "sent_at"), ("tenant", "ref"))


class CardCopy(Model):
    """A card as it lies in one chat: what is needed to change it there."""

    id = fields.BigIntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    ref = fields.CharField(max_length=100)
    platform = fields.CharField(max_length=16)
    app = fields.CharField(max_length=64)
    user = fields.CharField(max_length=128, default="")
    chat = fields.CharField(max_length=190, default="")
    message = fields.CharField(max_length=190)  # what a press on it brings back
    handle = fields.TextField()
    edition = fields.IntField(default=0)
    at = MomentField()

    class Meta:
        table = "card_copy"
        indexes = (("tenant", "ref"), ("platform", "app", "message"))


class CardEdition(Model):
    """The newest edition of a card that everyone who has it should see."""

    id = fields.BigIntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    ref = fields.CharField(max_length=100)
    edition = fields.IntField(default=0)
    card = fields.TextField(default="")

    class Meta:
        table = "card_edition"
        unique_together = (("tenant", "ref"),)


def dumps(card: Card) -> str:
    """A card as the tables keep it."""
    return json.dumps(to_json(card), ensure_ascii=False)
