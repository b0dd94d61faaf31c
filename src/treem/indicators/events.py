"""How many events a rate needs: too few for a rate, too few for a firm one.

A rate of events (deaths, injuries, abuse) that rests on one or two cases says more about chance
than about the area, so it is not worked out; its count stays in the internal table. No event at
all is a statement of its own: the rate is 0 and its interval says how little that proves.
Thresholds of what may be published are those of the disclosure policy, not these.
"""

from __future__ import annotations

from fractions import Fraction

from treem.plan.model import Measure

FEWEST_FOR_RATE = 3
"""Events below which no crude rate is worked out (none at all excepted)."""

FEW_EVENTS = 20
"""Events below which a rate says little by itself: mark [u], and years are pooled."""


def is_rate_of_events(measure: Measure) -> bool:
    """Whether a measure divides a count of events; a plain count (CT13) is no rate."""
    return measure.interval == "poisson" and bool(measure.denominator_vi)


def rate_withheld(measure: Measure, events: Fraction | None) -> bool:
    """Whether a rate rests on so few events that it is not worked out."""
    return is_rate_of_events(measure) and events is not None and 0 < events < FEWEST_FOR_RATE


def few_events(measure: Measure, events: Fraction | None) -> bool:
    """Whether a rate rests on so few events that it is marked [u]."""
    return is_rate_of_events(measure) and events is not None and events < FEW_EVENTS
