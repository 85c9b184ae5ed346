"""What runs on its own: durable jobs and sweeps, on one screen."""

from jobs import attachment, momentum, reading, roster
from jobs.person import tasks as person

JOBS = (*momentum.JOBS, *reading.JOBS, *roster.JOBS, *person.JOBS)
SWEEPS = {"momentum": momentum.sweep, "person": person.sweep, "attachment": attachment.sweep}
