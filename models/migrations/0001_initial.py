from tortoise import migrations
from tortoise.migrations import operations as ops
from models.moment import MomentField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="AuditRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("at", MomentField(auto_now=False, auto_now_add=False)),
                ("actor", fields.CharField(max_length=64)),
                ("action", fields.CharField(max_length=64)),
                ("subject", fields.CharField(max_length=100)),
                ("detail", fields.TextField(default="{}", unique=False)),
                ("trace", fields.CharField(default="", max_length=32)),
            ],
            options={
                "table": "audit",
                "app": "momentum",
                "indexes": [Index(fields=["tenant", "subject"]), Index(fields=["tenant", "at"])],
                "pk_attr": "id",
                "table_description": 'One action. The actor is a person or "system", the subject is like "lead:17".',
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CardCopy",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("ref", fields.CharField(max_length=100)),
                ("platform", fields.CharField(max_length=16)),
                ("app", fields.CharField(max_length=64)),
                ("user", fields.CharField(default="", max_length=128)),
                ("chat", fields.CharField(default="", max_length=190)),
                ("message", fields.CharField(max_length=190)),
                ("handle", fields.TextField(unique=False)),
                ("edition", fields.IntField(default=0)),
                ("at", MomentField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "card_copy",
                "app": "momentum",
                "indexes": [
                    Index(fields=["tenant", "ref"]),
                    Index(fields=["platform", "app", "message"]),
                ],
                "pk_attr": "id",
                "table_description": "A card as it lies in one chat: what is needed to change it there.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CardEdition",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("ref", fields.CharField(max_length=100)),
                ("edition", fields.IntField(default=0)),
                ("card", fields.TextField(default="", unique=False)),
            ],
            options={
                "table": "card_edition",
                "app": "momentum",
                "unique_together": (("tenant", "ref"),),
                "pk_attr": "id",
                "table_description": "The newest edition of a card that everyone who has it should see.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="InboxRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("platform", fields.CharField(max_length=16)),
                ("app", fields.CharField(max_length=64)),
                ("key", fields.CharField(max_length=190)),
                ("lane", fields.CharField(max_length=200)),
                ("kind", fields.CharField(max_length=16)),
                ("body", fields.TextField(unique=False)),
                ("state", fields.CharField(default="new", max_length=8)),
                ("attempts", fields.IntField(default=0)),
                ("not_before", MomentField(auto_now=False, auto_now_add=False)),
                ("error", fields.CharField(default="", max_length=400)),
                ("answer", fields.TextField(default="", unique=False)),
                ("trace", fields.CharField(default="", max_length=32)),
                ("received_at", MomentField(auto_now=False, auto_now_add=False)),
                ("done_at", MomentField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "inbox",
                "app": "momentum",
                "unique_together": (("platform", "app", "key"),),
                "indexes": [Index(fields=["state", "not_before"]), Index(fields=["lane", "state"])],
                "pk_attr": "id",
                "table_description": "One event, unique on (platform, app, key), so a redelivery finds the first.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LeadEvent",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("lead_id", fields.IntField()),
                ("key", fields.CharField(max_length=190)),
                ("kind", fields.CharField(max_length=24)),
                ("channel", fields.CharField(default="", max_length=16)),
                ("words", fields.CharField(max_length=400)),
                ("actor", fields.CharField(default="", max_length=64)),
                ("at", MomentField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "lead_event",
                "app": "momentum",
                "unique_together": (("tenant", "key"),),
                "indexes": [Index(fields=["lead_id", "at"])],
                "pk_attr": "id",
                "table_description": "One line of a lead's history: what happened, when, by whom.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LeadRow",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("company", fields.CharField(max_length=100)),
                ("contact", fields.CharField(default="", max_length=50)),
                ("title", fields.CharField(default="", max_length=50)),
                ("mobile", fields.CharField(default="", max_length=20)),
                ("region", fields.CharField(default="", max_length=64)),
                ("team", fields.CharField(default="", max_length=64)),
                ("owner_id", fields.IntField(null=True)),
                ("status", fields.CharField(default="open", max_length=16)),
                ("source", fields.CharField(default="", max_length=32)),
                ("budget_fen", fields.BigIntField(null=True)),
                ("version", fields.IntField(default=1)),
                ("next_step", fields.CharField(default="", max_length=200)),
                ("next_step_at", MomentField(null=True, auto_now=False, auto_now_add=False)),
                ("snoozed_until", MomentField(null=True, auto_now=False, auto_now_add=False)),
                ("last_touch_at", MomentField(null=True, auto_now=False, auto_now_add=False)),
                ("reason", fields.CharField(default="", max_length=200)),
                ("deed_by", fields.CharField(default="", max_length=64)),
                ("deed_did", fields.CharField(default="", max_length=250)),
                ("deed_at", MomentField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", MomentField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "lead",
                "app": "momentum",
                "indexes": [
                    Index(fields=["tenant", "company"]),
                    Index(fields=["tenant", "mobile"]),
                    Index(fields=["tenant", "owner_id", "status"]),
                ],
                "pk_attr": "id",
                "table_description": "A lead. `version` rises with every change, so that a card can tell whether it is outdated.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MomentumRow",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("lead_id", fields.IntField(unique=True)),
                ("energy", fields.TextField(unique=False)),
                ("heat", fields.CharField(max_length=8)),
                ("heat_since", MomentField(auto_now=False, auto_now_add=False)),
                ("changes_at", MomentField(null=True, auto_now=False, auto_now_add=False)),
                ("changes_to", fields.CharField(default="", max_length=8)),
                ("policy_version", fields.IntField(default=0)),
                ("fuses", fields.IntField(default=0)),
            ],
            options={
                "table": "momentum",
                "app": "momentum",
                "indexes": [
                    Index(fields=["changes_at"]),
                    Index(fields=["tenant", "policy_version"]),
                ],
                "pk_attr": "id",
                "table_description": "Where a lead's momentum stands. `changes_at` is solved, indexed, and never polled for.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OutboxRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("key", fields.CharField(max_length=190)),
                ("platform", fields.CharField(max_length=16)),
                ("app", fields.CharField(max_length=64)),
                ("user", fields.CharField(default="", max_length=128)),
                ("chat", fields.CharField(default="", max_length=190)),
                ("lane", fields.CharField(max_length=200)),
                ("ref", fields.CharField(default="", max_length=100)),
                ("edition", fields.IntField(default=0)),
                ("card", fields.TextField(unique=False)),
                ("copy_id", fields.BigIntField(null=True)),
                ("state", fields.CharField(default="new", max_length=8)),
                ("attempts", fields.IntField(default=0)),
                ("replays", fields.IntField(default=0)),
                ("not_before", MomentField(auto_now=False, auto_now_add=False)),
                ("leased_until", MomentField(null=True, auto_now=False, auto_now_add=False)),
                ("done", fields.TextField(default="{}", unique=False)),
                ("code", fields.CharField(default="", max_length=64)),
                ("reason", fields.CharField(default="", max_length=400)),
                ("trace", fields.CharField(default="", max_length=32)),
                ("created_at", MomentField(auto_now=False, auto_now_add=False)),
                ("sent_at", MomentField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "outbox",
                "app": "momentum",
                "unique_together": (("tenant", "key"),),
                "indexes": [
                    Index(fields=["state", "not_before"]),
                    Index(fields=["lane", "state"]),
                    Index(fields=["tenant", "ref"]),
                ],
                "pk_attr": "id",
                "table_description": "One message to one place, unique on (tenant, key), so a repeated job sends nothing new.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PersonRecord",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("name", fields.CharField(max_length=64)),
                ("roles", fields.CharField(max_length=200)),
                ("team", fields.CharField(default="", max_length=64)),
                ("store", fields.CharField(default="", max_length=64)),
                ("manager", fields.CharField(default="", max_length=64)),
                ("mobile", fields.CharField(default="", max_length=20)),
                ("skills", fields.CharField(default="", max_length=400)),
                ("left_at", MomentField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "person",
                "app": "momentum",
                "unique_together": (("tenant", "name", "team", "store"),),
                "indexes": [Index(fields=["tenant", "team"]), Index(fields=["tenant", "store"])],
                "pk_attr": "id",
                "table_description": "A member of the tenant. Leaving is a date, never a deletion.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "momentum.PersonRecord",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="accounts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("platform", fields.CharField(max_length=16)),
                ("user", fields.CharField(max_length=128)),
                ("greeted_at", MomentField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "account",
                "app": "momentum",
                "unique_together": (("tenant", "platform", "user"),),
                "pk_attr": "id",
                "table_description": "One person's id on one platform.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PolicyVersion",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("version", fields.IntField()),
                ("stored", fields.TextField(unique=False)),
                ("author", fields.CharField(max_length=64)),
                ("reason", fields.CharField(default="", max_length=400)),
                ("changed", fields.CharField(default="", max_length=400)),
                ("at", MomentField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "policy_version",
                "app": "momentum",
                "unique_together": (("tenant", "version"),),
                "pk_attr": "id",
                "table_description": "All stored values after one change. Values that were never edited are not in here.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RosterRow",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("store", fields.CharField(max_length=64)),
                ("week", fields.DateField()),
                ("version", fields.IntField()),
                ("state", fields.CharField(default="draft", max_length=12)),
                ("author", fields.CharField(max_length=64)),
                ("body", fields.TextField(unique=False)),
                ("policy_version", fields.IntField(default=0)),
                ("made_at", MomentField(auto_now=False, auto_now_add=False)),
                ("published_at", MomentField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "roster",
                "app": "momentum",
                "unique_together": (("tenant", "store", "week", "version"),),
                "indexes": [Index(fields=["tenant", "store", "week", "state"])],
                "pk_attr": "id",
                "table_description": "One version of a store's week. A change is a new version, only the state moves on.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Session",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("digest", fields.CharField(unique=True, max_length=64)),
                ("person_id", fields.IntField()),
                ("csrf", fields.CharField(max_length=64)),
                ("expires_at", MomentField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "session",
                "app": "momentum",
                "pk_attr": "id",
                "table_description": "A signed-in browser.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SignInCode",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("digest", fields.CharField(unique=True, max_length=64)),
                ("person_id", fields.IntField(db_index=True)),
                ("expires_at", MomentField(auto_now=False, auto_now_add=False)),
                ("used_at", MomentField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sign_in_code",
                "app": "momentum",
                "pk_attr": "id",
                "table_description": "A one-time code that somebody got in chat, everybody has one at most.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SignalRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("lead_id", fields.IntField()),
                ("key", fields.CharField(max_length=190)),
                ("kind", fields.CharField(max_length=32)),
                ("words", fields.CharField(default="", max_length=200)),
                ("points", fields.FloatField()),
                ("time_class", fields.CharField(max_length=8)),
                ("occurred_at", MomentField(auto_now=False, auto_now_add=False)),
                ("received_at", MomentField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "signal",
                "app": "momentum",
                "unique_together": (("tenant", "key"),),
                "indexes": [Index(fields=["lead_id", "occurred_at"])],
                "pk_attr": "id",
                "table_description": "One signal of a lead: the log from which the energy can be rebuilt.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StoreRow",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("name", fields.CharField(max_length=64)),
                ("facts", fields.TextField(default="{}", unique=False)),
            ],
            options={
                "table": "store",
                "app": "momentum",
                "unique_together": (("tenant", "name"),),
                "pk_attr": "id",
                "table_description": "A store: when it is open and how many customers come, as the demand rule wants it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TaskRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("tenant", fields.CharField(max_length=64)),
                ("name", fields.CharField(max_length=64)),
                ("key", fields.CharField(max_length=190)),
                ("args", fields.TextField(default="{}", unique=False)),
                ("state", fields.CharField(default="new", max_length=8)),
                ("attempts", fields.IntField(default=0)),
                ("not_before", MomentField(auto_now=False, auto_now_add=False)),
                ("leased_until", MomentField(null=True, auto_now=False, auto_now_add=False)),
                ("error", fields.CharField(default="", max_length=400)),
                ("trace", fields.CharField(default="", max_length=32)),
                ("created_at", MomentField(auto_now=False, auto_now_add=False)),
                ("done_at", MomentField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "task",
                "app": "momentum",
                "unique_together": (("tenant", "key"),),
                "indexes": [Index(fields=["state", "not_before"])],
                "pk_attr": "id",
                "table_description": "One piece of work, unique on (tenant, key), so asking twice is the same as once.",
            },
            bases=["Model"],
        ),
    ]
