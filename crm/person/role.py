"""What people do here, and where they work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person does; one may do several things."""

    REP = "rep"
    MANAGER = "manager"
    DIRECTOR = "director"
    STAFF = "staff"
    STORE_MANAGER = "store_manager"
    ADMIN = "admin"
    ETHICS_OFFICER = "ethics_officer"
    LEGAL = "legal"
    FINANCE = "finance"
    PARTNER = "partner"


ROLE_WORDS = {
    Role.REP: "销售代表",
    Role.MANAGER: "销售经理",
    Role.DIRECTOR: "销售总监",
    Role.STAFF: "店员",
    Role.STORE_MANAGER: "店长",
    Role.ADMIN: "管理员",
    Role.ETHICS_OFFICER: "销售科技伦理官",
    Role.LEGAL: "法务",
    Role.FINANCE: "财务",
    Role.PARTNER: "合作伙伴",
}

PLATFORMS = ("wecom", "feishu", "dingtalk")
PLATFORM_WORDS = {"wecom": "企业微信", "feishu": "飞书", "dingtalk": "钉钉"}


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the tenant. `accounts` maps a platform to this person's id there."""

    id: int
    tenant: str
    name: str
    roles: frozenset[Role]  # none: known, but not yet allowed anything
    team: str
    store: str
    manager: str  # the manager's name, as the people file has it
    skills: tuple[str, ...]
    accounts: Mapping[str, str]

    def is_any(self, roles: Iterable[Role]) -> bool:
        return bool(self.roles & frozenset(roles))

    @property
    def title(self) -> str:
        """Roles in words, with the store or team: "店长 · 望京店"."""
        words = "、".join(ROLE_WORDS[role] for role in Role if role in self.roles)
        return " · ".join(part for part in (words, self.store or self.team) if part)

    @property
    def home(self) -> str:
        """The platform this person works in: store people DingTalk, managers Feishu, reps WeCom."""
        if self.is_any((Role.STAFF, Role.STORE_MANAGER)):
            order = ("dingtalk", "wecom", "feishu")
        elif self.is_any((Role.MANAGER, Role.DIRECTOR)):
            order = ("feishu", "wecom", "dingtalk")
        else:
            order = ("wecom", "feishu", "dingtalk")
        return next((platform for platform in order if self.accounts.get(platform)), "")
