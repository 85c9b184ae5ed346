"""What runs on its own: durable jobs, sweeps, and measurements, on one screen."""

from jobs import momentum, roster
from jobs.bench import startup, webhooks

JOBS = (*momentum.JOBS, *roster.JOBS)
SWEEPS = {"momentum": momentum.sweep}
BENCHES = {"startup": startup.measure, "webhooks": webhooks.measure}
