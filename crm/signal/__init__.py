"""Behaviour signals: the catalogue of 17, their weights, and finding them in what people write."""

from crm.signal.catalogue import SIGNALS, Behaviour, Signal, SignalPolicy
from crm.signal.text import Hit, found

__all__ = ["SIGNALS", "Behaviour", "Hit", "Signal", "SignalPolicy", "found"]
