"""Makes the network out of a table of results: cells, and every sum they stand in.

Sums among areas (old and new geography), strata and their total, years and their pool, nested
counts, numerator and rest. The ledger adds what earlier editions printed or hid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from treem.disclosure.counts import Count, read_counts
from treem.disclosure.ledger import Ledger
from treem.disclosure.network import Cell, Key, Network, build_network
from treem.disclosure.places import AreaLink, areas_inside
from treem.disclosure.policy import Policy
from treem.disclosure.primary import complements, nested_differences, primary_cells
from treem.plan.model import Measure

if TYPE_CHECKING:
    import pandas as pd

Sum = tuple[str, Key, Sequence[Key]]
Difference = tuple[Cell, Key, Key]


@dataclass(frozen=True)
class CountTable:
    """The counts of a table of results and the network they form."""

    counts: tuple[Count, ...]
    network: Network


def count_table(
    results: pd.DataFrame,
    measures: Mapping[str, Measure],
    links: Iterable[AreaLink],
    policy: Policy,
    ledger: Ledger,
) -> CountTable:
    """Return the counts of the results and all relations among them."""
    links = tuple(links)
    counts, ties = read_counts(results, measures, policy)
    cells = {cell.key: ledger.applied(cell) for cell in primary_cells(counts, policy)}
    sums = [
        *_area_sums(cells, links),
        *_stratum_sums(cells),
        *_period_sums(cells),
        *(("same", one, (other,)) for one, other in ties),
    ]
    for cell in _remembered(cells, sums, ledger):
        cells[cell.key] = cell
    for total, older in list(_older_sums(cells, sums, ledger)):
        cells[total.key] = total
        sums.append(older)
    differences = [
        *complements(counts, policy),
        *nested_differences(cells, counts, policy),
        *_province_differences(cells, links),
    ]
    network = build_network(cells.values(), sums, _once(cells, differences), areas_inside(links))
    return CountTable(tuple(counts), network)


def _area_sums(cells: Mapping[Key, Cell], links: Iterable[AreaLink]) -> Iterable[Sum]:
    """Yield each whole with its parts, for every quantity, period and stratum that it has."""
    by_owner: dict[tuple[str, str], list[Key]] = {}
    for key in cells:
        by_owner.setdefault((key.geography, key.area), []).append(key)
    for link in links:
        if link.rest:
            continue
        for key in by_owner.get(link.whole, ()):
            if _last_year(key) == link.year and not _follows(cells, key):
                yield (
                    "area",
                    key,
                    [key._replace(geography=geo, area=code) for geo, code in link.parts],
                )


def _stratum_sums(cells: Mapping[Key, Cell]) -> Iterable[Sum]:
    """Yield each total with its strata, one sum a dimension (`sex=male`, `sex=female`).

    A stratum of several dimensions (`age=0-5;sex=male`) has a total for each of them.
    """
    parts: dict[tuple[Key, str], list[Key]] = {}
    for key in cells:
        if not key.stratum or _follows(cells, key):
            continue
        levels = key.stratum.split(";")
        for level in levels:
            rest = ";".join(one for one in levels if one != level)
            dimension = level.partition("=")[0]
            parts.setdefault((key._replace(stratum=rest), dimension), []).append(key)
    for (total, _), found in sorted(parts.items()):
        if total in cells:
            yield "stratum", total, sorted(found)


def _period_sums(cells: Mapping[Key, Cell]) -> Iterable[Sum]:
    for key in cells:
        if years := _years(key):
            yield "period", key, years


def _years(key: Key) -> list[Key]:
    """Return the single years of a pool; none for a year."""
    first, dash, last = key.period.partition("-")
    years = range(int(first), int(last) + 1) if dash else ()
    return [key._replace(period=str(year)) for year in years]


def _last_year(key: Key) -> int:
    return int(key.period.rpartition("-")[2])


def _follows(cells: Mapping[Key, Cell], key: Key) -> bool:
    """Whether the sums of a pool follow from those of its years, and need not be said again."""
    years = _years(key)
    return bool(years) and all(year in cells for year in years)


def _province_differences(
    cells: Mapping[Key, Cell], links: Iterable[AreaLink]
) -> Iterable[Difference]:
    """Yield what the new province has beyond the old one: nobody prints it, anybody finds it."""
    for link in links:
        if not link.rest:
            continue
        ((geography, code),) = link.parts
        for key, cell in cells.items():
            other = key._replace(geography=geography, area=code)
            same_year = _last_year(key) == link.year
            if (key.geography, key.area) != link.whole or not same_year or other not in cells:
                continue
            beyond = cell.value - cells[other].value
            small = cell.lowest <= beyond < cell.threshold and not cell.open
            yield (
                Cell(
                    key=key._replace(area=f"{key.area} - {code}"),
                    value=beyond,
                    threshold=cell.threshold,
                    lowest=min(0, beyond),
                    why="difference" if small else "",
                    small=small,
                    derived=True,
                ),
                key,
                other,
            )


def _remembered(cells: Mapping[Key, Cell], sums: Iterable[Sum], ledger: Ledger) -> Iterable[Cell]:
    """Yield cells that an earlier edition hid, that are not printed now and that a sum would give.

    Their value is what the sum leaves for them; several share it, the first has the remainder.
    """
    known: dict[Key, Cell] = {}
    for _, total, parts in sums:
        every = [total, *parts]
        absent = [key for key in every if key not in cells and ledger.hid(key)]
        if not absent or (total in absent and len(absent) > 1):
            continue
        there = sum(
            cells[key].value if key in cells else round(ledger.printed.get(key, 0))
            for key in parts
            if key not in absent
        )
        left = there if total in absent else cells[total].value - there if total in cells else -1
        model = next((cells[key] for key in every if key in cells), None)
        if left < 0 or model is None:
            continue
        share, more = divmod(left, len(absent))
        for number, key in enumerate(absent):
            value = share + (more if number == 0 else 0)
            known.setdefault(
                key,
                replace(
                    model, key=key, value=value, why="ledger", small=True, open=False, derived=False
                ),
            )
    return list(known.values())


def _older_sums(
    cells: Mapping[Key, Cell], sums: Iterable[Sum], ledger: Ledger
) -> Iterable[tuple[Cell, Sum]]:
    """Yield the sums that an older publication printed of other numbers, or of fewer parts.

    The total of seven areas beside that of eight tells the eighth; a total before and after one
    area was revised tells by how much. Of the older total everything is known but what was hidden
    then or stands unchanged now: it is a cell of its own, open, with the parts that it had.
    """
    for publication in ledger.publications:
        then = publication.printed
        for kind, total, parts in sums:
            if total not in then:
                continue
            had = [part for part in parts if part in publication.keys]
            left = [p for p in had if p in cells and then.get(p, cells[p].value) == cells[p].value]
            lost = [p for p in had if p in publication.hidden and p not in cells]
            same = total in cells and then[total] == cells[total].value
            if lost or not left or (same and left == [part for part in parts if part in cells]):
                continue
            if all(cells[part].open for part in left):
                continue
            name = f"{total.quantity} [{publication.name}]"
            value = sum(cells[part].value for part in left)
            older = Cell(key=total._replace(quantity=name), value=value, open=True)
            yield older, (kind, older.key, left)


def _once(cells: Mapping[Key, Cell], differences: Iterable[Difference]) -> list[Difference]:
    """Keep one of derived cells that are the same, the one that must stay hidden.

    Those of counts that are not printed are left out.
    """
    kept: dict[Key, Difference] = {}
    for one in differences:
        if not (one[1] in cells and one[2] in cells):
            continue
        if one[0].key not in kept or (one[0].small and not kept[one[0].key][0].small):
            kept[one[0].key] = one
    return list(kept.values())
