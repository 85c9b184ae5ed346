"""What runs on its own: durable jobs and sweeps, on one screen."""

from jobs import momentum, roster

JOBS = (*momentum.JOBS, *roster.JOBS)
SWEEPS = {"momentum": momentum.sweep}
