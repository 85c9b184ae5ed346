"""Who works here: roles, teams, the people file, contacts, and who takes over from whom."""

from crm.person.directory import (
    CREATED,
    DELETED,
    ContactChange,
    Listed,
    Parting,
    SyncReport,
    contact_change,
    matches,
    parting,
    team_by_department,
)
from crm.person.file import COLUMNS, PersonRow, manager_cycles, normal_mobile, read_row
from crm.person.identity import Entry, Known, Plan, plan
from crm.person.policy import PersonPolicy, next_sync, problems
from crm.person.role import PLATFORM_WORDS, PLATFORMS, ROLE_WORDS, Person, Role
from crm.person.succession import DECIDERS, SYSTEM, check_leave, heir

__all__ = [
    "COLUMNS",
    "CREATED",
    "DECIDERS",
    "DELETED",
    "PLATFORMS",
    "PLATFORM_WORDS",
    "ROLE_WORDS",
    "SYSTEM",
    "ContactChange",
    "Entry",
    "Known",
    "Listed",
    "Parting",
    "Person",
    "PersonPolicy",
    "PersonRow",
    "Plan",
    "Role",
    "SyncReport",
    "check_leave",
    "contact_change",
    "heir",
    "manager_cycles",
    "matches",
    "next_sync",
    "normal_mobile",
    "parting",
    "plan",
    "problems",
    "read_row",
    "team_by_department",
]
