"""Deliveries: what an adapter's success or failure means for the message."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bot.adapter import (
    Adapter,
    Address,
    CannotReplaceError,
    Delivery,
    TransientError,
    UndeliverableError,
)
from bot.limits import Limiter, LocalLimiter, charges
from cards.parcel import Parcel

log = logging.getLogger(__name__)

PATIENCE = 2.0  # seconds: a shorter wait for a limit is sat out, a longer one put back
LONGEST = 40.0  # seconds that one try may take; less than the lease of its message
GIVE_UP_AFTER = 18  # tries; with the back-off below that is about six hours


@dataclass(frozen=True, slots=True)
class Sent:
    """It arrived."""

    handle: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Again:
    """Try again in `seconds`."""

    seconds: float
    reason: str
    done: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Anew:
    """The copy cannot be changed any more: send the card as a new message."""

    reason: str


@dataclass(frozen=True, slots=True)
class Dead:
    """It will never arrive; `reason` tells the admin in Chinese why and what to do."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """A frequency limit holds for `seconds` more; nothing was tried."""

    seconds: float


Outcome = Sent | Again | Anew | Dead | Wait


class Sender:
    """Delivers parcels through the adapters, within their limits, and judges the result."""

    def __init__(
        self,
        adapters: Mapping[tuple[str, str], Adapter],
        limiter: Limiter | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._adapters = adapters
        self._limiter = limiter or LocalLimiter()
        self._sleep = sleep

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Try once; never raises."""
        adapter = self._adapters.get((parcel.platform, parcel.app))
        if adapter is None:
            return Dead(
                "no_adapter", f"平台 {parcel.platform}/{parcel.app} 未配置，请补全设置后重发"
            )
        if wait := await self._let_through(adapter, parcel):
            return Wait(wait)
        try:
            async with asyncio.timeout(LONGEST):
                receipt = await adapter.deliver(_delivery(parcel))
        except TimeoutError:
            return _again(parcel, TransientError("took too long"))
        except TransientError as fault:
            return _again(parcel, fault)
        except CannotReplaceError as fault:
            return Anew(fault.reason)
        except UndeliverableError as fault:
            return Dead(fault.code, f"{fault.reason}。{fault.advice}")
        except Exception:
            log.exception("adapter broke its promise", extra={"outbox": parcel.id})
            return _again(parcel, TransientError("internal"))
        return Sent(receipt.handle)

    async def _let_through(self, adapter: Adapter, parcel: Parcel) -> float:
        """0 when it may go now, after a short wait if need be; else the seconds to put it back."""
        limits = getattr(adapter, "limits", ())
        place, in_place = _address(parcel), parcel.handle is not None
        dues = charges(limits, parcel.platform, parcel.app, place, in_place=in_place)
        waited = 0.0
        while dues and (wait := await self._limiter.take(dues)):
            if waited + wait > PATIENCE:
                return wait
            await self._sleep(wait)
            waited += wait
        return 0.0


def _delivery(parcel: Parcel) -> Delivery:
    """An answer by its event's origin brings that as its handle, on its first way out."""
    handle = parcel.handle if parcel.handle is not None else parcel.origin or None
    return Delivery(
        parcel.key,
        _address(parcel),
        parcel.card,
        handle,
        parcel.done,
        parcel.is_urgent,
    )


def _address(parcel: Parcel) -> Address:
    return Address(parcel.user, parcel.chat, parcel.robot)


def _again(parcel: Parcel, fault: TransientError) -> Outcome:
    if parcel.attempts + 1 >= GIVE_UP_AFTER:
        return Dead("gave_up", f"多次重试仍未成功（{fault.reason}）。请检查网络和平台状态后重发")
    backoff = min(2.0**parcel.attempts, 3600) * random.uniform(0.8, 1.2)  # noqa: S311 — jitter
    return Again(fault.after or backoff, fault.reason, {**parcel.done, **fault.done})
