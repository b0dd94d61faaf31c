"""Which published areas add up to which: the linked geographies of one edition.

Old districts and communes, the old and the new province hang together across 1 July 2025. What
lies in an area is taken from the same places that the results are summed by.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from treem.disclosure.network import Owner
from treem.edition import Edition
from treem.indicators.rollup import Place, places_in_results

if TYPE_CHECKING:
    from treem.areas import Areas


@dataclass(frozen=True)
class AreaLink:
    """In one year, `whole` is the sum of `parts`; with `rest`, of parts and what is not published.

    With a rest the difference is a number of children that nobody prints but anybody can find.
    """

    year: int
    whole: Owner
    parts: tuple[Owner, ...]
    rest: bool = False


def area_links(edition: Edition, areas: Areas) -> tuple[AreaLink, ...]:
    """Return every sum among the areas that an edition publishes, year by year."""
    return tuple(
        link
        for year in edition.years
        for link in links_of_places(year, places_in_results(edition, areas, year))
    )


def links_of_places(year: int, places: Iterable[Place]) -> list[AreaLink]:
    """Return the sums among the places of one year that are published."""
    shown = {place.key: place for place in places}
    ground = {place.key: _ground(place) for place in shown.values()}
    links = []
    for place in shown.values():
        parts = sorted(ground[place.key] - {place.key})
        if parts and all(part in shown for part in parts):
            links.append(AreaLink(year, place.key, tuple(parts)))
        districts = tuple(
            sorted(
                one.key
                for one in shown.values()
                if place.level == "province"
                and one.level == "district"
                and one.geography == place.geography
            )
        )
        if districts and districts != tuple(parts):
            links.append(AreaLink(year, place.key, districts))
        links += [
            AreaLink(year, place.key, (other.key,), rest=True)
            for other in shown.values()
            if other.level == place.level == "province"
            and other is not place
            and ground[other.key] < ground[place.key]
        ]
    return links


def _ground(place: Place) -> frozenset[Owner]:
    """Return the reporting areas that a place is made of; itself where it reports."""
    parts = (*place.parts, *place.crossing)
    return frozenset((place.parts_geography, code) for code in parts) or frozenset({place.key})


def areas_inside(links: Iterable[AreaLink]) -> dict[Owner, frozenset[Owner]]:
    """Return for each area all areas that lie in it, at any depth and in any year."""
    below: dict[Owner, set[Owner]] = {}
    for link in links:
        below.setdefault(link.whole, set()).update(link.parts)
    for _ in range(3):
        for whole in below:
            below[whole] |= {deep for part in below[whole] for deep in below.get(part, ())}
    return {whole: frozenset(parts) for whole, parts in below.items()}
