"""Making rosters: the solver runs in a process of its own, so that nobody waits for it."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from threading import Thread

from cards import roster as views
from crm.roster import RosterPolicy, Solution, Week, solve
from jobs.task import Job, TaskWork
from models import roster as rosters

SECONDS = 2.0  # of one core


@dataclass(frozen=True, slots=True)
class Made:
    """A solved week."""

    kept: rosters.Kept
    week: Week
    solution: Solution


async def prepare(work: TaskWork) -> Made | None:
    """Read the week and solve it, outside any transaction; None if it was made already."""
    kept = await rosters.by_id(work.tenant, int(work.args["roster"]))
    if kept is None or kept.state != rosters.MAKING:
        return None
    policy = work.policies.roster
    week = await rosters.week_of(work.tenant, kept.store, kept.week, policy)
    return Made(kept, week, await _solved(week, policy, seed=kept.version))


async def make(work: TaskWork, made: Made | None) -> None:
    """Keep the draft; the card that said "making" becomes it."""
    if made is None:
        return
    kept, solution = made.kept, made.solution
    body = {
        "cells": solution.roster.cells,
        "score": solution.score.parts,
        "gap": solution.gap,
        "proved": solution.proved,
        "coverage": solution.coverage,
        "hardest": [
            f"{slot.when} {slot.skill} {slot.have}/{slot.need}" for slot in solution.hardest
        ],
    }
    if not await rosters.finish(work.tenant, kept.id, body, now=work.now):
        return
    work.replace(
        views.draft(
            made.week,
            solution,
            roster_id=kept.id,
            version=kept.version,
            preset=work.policies.roster.preset,
        )
    )


async def _solved(week: Week, policy: RosterPolicy, *, seed: int) -> Solution:
    """Solve in a fresh process: the solver's memory goes when it ends."""
    run = partial(solve, week, policy, seed=seed, effort=SECONDS)
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=_end_with_parent) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, run)


def _end_with_parent() -> None:
    """In the solver's process: a program that was killed leaves no solver behind."""

    def watch() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


JOBS = (Job("roster.make", make, prepare),)
