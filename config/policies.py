"""What admins edit: every policy of the product, built from stored values, or refused in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from crm.console import ConsolePolicy
from crm.console import problems as console_problems
from crm.delivery import DeliveryPolicy
from crm.delivery import problems as delivery_problems
from crm.lead import LeadPolicy
from crm.lead import problems as lead_problems
from crm.momentum import MomentumPolicy
from crm.momentum import problems as momentum_problems
from crm.person import PersonPolicy
from crm.person import problems as person_problems
from crm.refusal import RefusedError
from crm.roster import RosterPolicy
from crm.setting import as_text, described
from crm.setting import faults as plain_problems
from crm.signal import SignalPolicy

Stored = Mapping[str, Mapping[str, Any]]


class PolicyError(RefusedError):
    """The values cannot be used; each fault is Chinese and names the field and what is allowed."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("；".join(self.faults))


@dataclass(frozen=True, slots=True)
class Policies:
    """All policies of one version; each has its line in KINDS. Version 0 is what we ship."""

    version: int = 0
    momentum: MomentumPolicy = field(default_factory=MomentumPolicy)
    signal: SignalPolicy = field(default_factory=SignalPolicy)
    lead: LeadPolicy = field(default_factory=LeadPolicy)
    roster: RosterPolicy = field(default_factory=RosterPolicy)
    delivery: DeliveryPolicy = field(default_factory=DeliveryPolicy)
    person: PersonPolicy = field(default_factory=PersonPolicy)
    console: ConsolePolicy = field(default_factory=ConsolePolicy)


@dataclass(frozen=True, slots=True)
class Kind:
    """One policy: its name in words, its class, what is wrong with given values, what it is for."""

    label: str
    policy: type[Any]
    problems: Callable[[Any], list[str]]
    help: str = ""


KINDS: Mapping[str, Kind] = {
    "momentum": Kind(
        "动能", MomentumPolicy, momentum_problems, "预警与熔断的阈值，能量升降的快慢，基础分"
    ),
    "signal": Kind(
        "行为信号", SignalPolicy, plain_problems, "每种客户行为加减多少分，留意哪些竞品"
    ),
    "lead": Kind("线索", LeadPolicy, lead_problems, "暂缓、公海、沉默与核销的规则"),
    "roster": Kind("排班", RosterPolicy, plain_problems, "工时与休息的上限，排班取向"),
    "delivery": Kind(
        "消息推送", DeliveryPolicy, delivery_problems, "免打扰时段，每人每天的上限，汇总与额度提醒"
    ),
    "person": Kind("人员", PersonPolicy, person_problems, "通讯录同步的时间与刹车，绑定码的有效期"),
    "console": Kind("管理后台", ConsolePolicy, console_problems, "登录码与登录状态的有效期"),
}


def build(version: int, stored: Stored) -> Policies:
    """Turn stored values into policies; unknown names and bad numbers raise PolicyError."""
    wrong = [f"没有「{name}」这组配置" for name in stored if name not in KINDS]
    parts: dict[str, Any] = {}
    for name, kind in KINDS.items():
        values = dict(stored.get(name, {}))
        known = {item.name for item in fields(kind.policy)}
        wrong += [f"{kind.label}：没有「{key}」这一项" for key in values if key not in known]
        policy = kind.policy(**{key: value for key, value in values.items() if key in known})
        wrong += kind.problems(policy)
        parts[name] = policy
    if wrong:
        raise PolicyError(wrong)
    return Policies(version, **parts)


def differences(old: Policies, new: Policies) -> list[str]:
    """What changes from `old` to `new`, in words: "动能：黄色阈值 40分 → 45分"."""
    found = []
    for name, kind in KINDS.items():
        for told in described(kind.policy):
            before, after = (getattr(getattr(item, name), told.name) for item in (old, new))
            if before != after:
                unit = told.unit
                found.append(
                    f"{kind.label}：{told.label} {in_words(before, unit)} → {in_words(after, unit)}"
                )
    return found


def changed_count(policies: Policies, name: str) -> int:
    """How many of a policy's settings differ from what we ship."""
    part = getattr(policies, name)
    return sum(getattr(part, told.name) != told.default for told in described(part))


def merged(old: Policies, name: str, new: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What to store for the next version: only values that differ from the shipped ones."""
    shipped = Policies()
    stored: dict[str, dict[str, Any]] = {}
    for kind in KINDS:
        values = asdict(getattr(old, kind)) | (dict(new) if kind == name else {})
        default = asdict(getattr(shipped, kind))
        kept = {key: value for key, value in values.items() if value != default.get(key)}
        if kept:
            stored[kind] = kept
    return stored


def in_words(value: Any, unit: str = "") -> str:
    """A value as people read it, all its digits kept; what has no words is "（空）"."""
    return f"{as_text(value)}{unit}" if value != "" else "（空）"
