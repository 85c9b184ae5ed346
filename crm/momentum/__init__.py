"""Momentum of a lead: energy that rises and fades, and when its state changes."""

from crm.momentum.energy import Energy, Pulse, TimeClass, captured, replayed, touched, traced
from crm.momentum.heat import Change, Heat, changes, curve, explain, heat_now, next_change
from crm.momentum.policy import MomentumPolicy, problems

__all__ = [
    "Change",
    "Energy",
    "Heat",
    "MomentumPolicy",
    "Pulse",
    "TimeClass",
    "captured",
    "changes",
    "curve",
    "explain",
    "heat_now",
    "next_change",
    "problems",
    "replayed",
    "touched",
    "traced",
]
