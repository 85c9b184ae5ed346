"""Measurements that stay with the program: `python main.py bench NAME`.

Each is loaded only when it is asked for: they bring the emulated platforms and load generators,
which the program itself has no use for.
"""

from __future__ import annotations

from config.settings import Settings

NAMES = ("faults", "startup", "webhooks")


async def run(name: str, settings: Settings) -> int:
    """Measure, print, and return 0 if every goal was met."""
    if name == "faults":
        from jobs.bench import faults

        return await faults.measure(settings)
    if name == "webhooks":
        from jobs.bench import webhooks

        return await webhooks.measure(settings)
    from jobs.bench import startup

    return await startup.measure(settings)
