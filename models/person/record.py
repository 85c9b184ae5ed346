"""People and their accounts on the platforms."""

from __future__ import annotations

from collections.abc import Mapping

from tortoise import fields
from tortoise.models import Model
from tortoise.queryset import QuerySet

from crm.person import Known, Person, Role
from models.moment import MomentField


class PersonRecord(Model):
    """A member of the tenant. Leaving is a date, never a deletion."""

    id = fields.IntField(primary_key=True)
    tenant = fields.CharField(max_length=64)
    name = fields.CharField(max_length=64)
    roles = fields.CharField(max_length=200)
    team = fields.CharField(max_length=64, default="")
    store = fields.CharField(max_length=64, default="")
    manager = fields.CharField(max_length=64, default="")
    mobile = fields.CharField(max_length=20, default="")
    skills = fields.CharField(max_length=400, default="")
    left_at = MomentField(null=True)
    accounts: fields.ReverseRelation[Account]

    class Meta:
        table = "person"
        indexes = (("tenant", "team"), ("tenant", "store"))
        unique_together = (("tenant", "name", "team", "store"),)

    def view(self) -> Person:
        """As the rules see it; `accounts` must be prefetched."""
        return Person(
            id=self.id,
            tenant=self.tenant,
            name=self.name,
            roles=self._roles(),
            team=self.team,
            store=self.store,
            manager=self.manager,
            skills=tuple(word for word in self.skills.split("|") if word),
            accounts={account.platform: account.user for account in self.accounts},
        )

    def known(self, accounts: Mapping[str, str]) -> Known:
        """As the people file is compared with it; `accounts` maps a platform to an id."""
        return Known(
            id=self.id,
            name=self.name,
            roles=self._roles(),
            team=self.team,
            store=self.store,
            manager=self.manager,
            mobile=self.mobile,
            skills=tuple(word for word in self.skills.split("|") if word),
            accounts=accounts,
            is_present=self.left_at is None,
        )

    def _roles(self) -> frozenset[Role]:
        return frozenset(Role(word) for word in self.roles.split("|") if word)


class Account(Model):
    """One person's id on one platform."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[PersonRecord] = fields.ForeignKeyField(
        "momentum.PersonRecord", related_name="accounts"
    )
    tenant = fields.CharField(max_length=64)
    platform = fields.CharField(max_length=16)
    user = fields.CharField(max_length=128)
    greeted_at = MomentField(null=True)

    class Meta:
        table = "account"
        unique_together = (("tenant", "platform", "user"),)


def _present(tenant: str):  # type: ignore[no-untyped-def]  # tortoise's QuerySet is generic
    return PersonRecord.filter(tenant=tenant, left_at=None).prefetch_related("accounts")


async def by_account(tenant: str, platform: str, user: str) -> Person | None:
    """Who acts under this platform id, if we know them and they have not left."""
    record = await _present(tenant).filter(accounts__platform=platform, accounts__user=user).first()
    return record.view() if record else None


async def by_id(tenant: str, person: int) -> Person | None:
    record = await _present(tenant).filter(id=person).first()
    return record.view() if record else None


async def by_name(tenant: str, name: str) -> list[Person]:
    """Everyone of that name; often one."""
    return [record.view() for record in await _present(tenant).filter(name=name).order_by("id")]


async def with_role(tenant: str, role: Role, *, team: str = "", store: str = "") -> list[Person]:
    """Everyone with the role, by id; "" does not narrow."""
    wanted = _present(tenant).filter(roles__contains=role.value)
    if team:
        wanted = wanted.filter(team=team)
    if store:
        wanted = wanted.filter(store=store)
    people = [record.view() for record in await wanted.order_by("id")]
    return [person for person in people if role in person.roles]


async def manager_of(person: Person) -> Person | None:
    """The person's manager: by name, else the team's."""
    named = await by_name(person.tenant, person.manager) if person.manager else []
    others = (other for other in named if other.id != person.id)
    return next(others, None) or await head_of(person.tenant, person.team, but=person.id)


async def head_of(tenant: str, team: str, *, but: int = 0) -> Person | None:
    """The team's manager, else a director: somebody always decides if there is anybody."""
    heads = await with_role(tenant, Role.MANAGER, team=team) if team else []
    heads += await with_role(tenant, Role.DIRECTOR)
    return next((head for head in heads if head.id != but), None)


async def name_of(tenant: str, person: int) -> str:
    """A name, of the departed too; "" if there never was such a person."""
    row = await PersonRecord.get_or_none(tenant=tenant, id=person)
    return row.name if row else ""


async def rename_account(tenant: str, platform: str, user: str, new: str) -> None:
    """The platform gave somebody another id; a departed owner of the new one loses it."""
    mine = Account.filter(tenant=tenant, platform=platform, user=user)
    if await mine.exists():
        await Account.filter(tenant=tenant, platform=platform, user=new).delete()
        await mine.update(user=new)


async def everyone(tenant: str) -> list[Person]:
    return [record.view() for record in await _present(tenant).order_by("id")]


async def on_record(tenant: str) -> list[Known]:
    """Everybody, the departed too, with what they may be known by."""
    return await as_known(PersonRecord.filter(tenant=tenant), Account.filter(tenant=tenant))


async def as_known(people: QuerySet[PersonRecord], accounts: QuerySet[Account]) -> list[Known]:
    """People by id, with whatever of the accounts is theirs: two questions, however many."""
    theirs: dict[int, dict[str, str]] = {}
    owned = accounts.order_by("id").values_list("person_id", "platform", "user")
    for owner, platform, user in await owned:
        theirs.setdefault(owner, {})[platform] = user
    return [record.known(theirs.get(record.id, {})) for record in await people.order_by("id")]


async def greet(tenant: str, platform: str, user: str, *, now: object) -> bool:
    """Mark the account as greeted; True the first time only."""
    return bool(
        await Account.filter(tenant=tenant, platform=platform, user=user, greeted_at=None).update(
            greeted_at=now
        )
    )
