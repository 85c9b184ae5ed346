"""A store's people as the roster needs them, read from the people file's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.person import Person
from crm.roster.model import DAYS, SKILLS, Contract, Grant, History, Roster, Shop, Week, Worker

KEY_WORD, PART_WORD = "持钥匙", "非全日制"
PART_TIME = Contract(part=True, target_hours=20.0, min_hours=12.0, max_hours=24.0)
DEFAULT_CUSTOMERS = 220.0  # a day, for a store that was never described


def worker(person: Person, history: History) -> Worker:
    """A person with the skills column's words: a skill's name, 持钥匙, 非全日制."""
    words = set(person.skills)
    grants = tuple(Grant(skill.code) for skill in SKILLS if {skill.code, skill.name} & words)
    return Worker(
        id=person.id,
        name=person.name,
        contract=PART_TIME if PART_WORD in words else Contract(),
        grants=grants,
        key_holder=KEY_WORD in words,
        history=history,
    )


def shop(id: int, name: str, facts: Mapping[str, Any]) -> Shop:
    """A store from its facts: open, close (minutes after midnight) and licensed."""
    hours = (int(facts.get("open", 8 * 60)), int(facts.get("close", 22 * 60)))
    return Shop(id, name, hours=(hours,) * DAYS, licensed=bool(facts.get("licensed", True)))


def history(worker_id: int, before: Week, roster: Roster) -> History:
    """What the coming week needs to know of the week before it."""
    line = [before.pattern(pattern_id) for pattern_id in roster.line(worker_id)]
    run = 0
    while run < DAYS and line[DAYS - 1 - run] is not None:
        run += 1
    last = next((day for day in reversed(range(DAYS)) if line[day] is not None), None)
    end = None
    if last is not None and (pattern := line[last]):
        end = pattern.end - (DAYS - last) * 24 * 60
    closings = sum(
        pattern is not None
        and (hours := before.shop.hours[day]) is not None
        and pattern.end >= hours[1]
        for day, pattern in enumerate(line)
    )
    return History(run_days=run, last_end_minutes=end, closings=closings)
