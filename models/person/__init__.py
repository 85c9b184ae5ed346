"""People: their accounts, the people file, contacts of the platforms, and binding codes."""

from models.person.binding import BindCode, give_code, use_code
from models.person.contact import ContactRow, ContactRun, DepartmentRow
from models.person.record import (
    Account,
    PersonRecord,
    by_account,
    by_id,
    by_name,
    everyone,
    greet,
    head_of,
    manager_of,
    name_of,
    on_record,
    rename_account,
    with_role,
)
from models.person.saving import Saved, save

__all__ = [
    "Account",
    "BindCode",
    "ContactRow",
    "ContactRun",
    "DepartmentRow",
    "PersonRecord",
    "Saved",
    "by_account",
    "by_id",
    "by_name",
    "everyone",
    "give_code",
    "greet",
    "head_of",
    "manager_of",
    "name_of",
    "on_record",
    "rename_account",
    "save",
    "use_code",
    "with_role",
]
