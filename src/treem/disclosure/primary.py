"""Which counts must be hidden for their own sake, by the class of their measure.

The reasons (`why` of a cell):

    small         the count itself is small
    level         the class shows nothing below the province
    few_expected  too few cases are to be expected in one year; three years are shown together
    small_base    a small count would have too little room under so small a denominator
    complement    what is left of the denominator is small (a derived cell)
    difference    what lies between two nested counts, or two provinces, is small (derived)
    ledger        an earlier edition hid it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from treem.disclosure.counts import Count
from treem.disclosure.network import FREE, Cell, Key
from treem.disclosure.policy import ClassRule, Policy
from treem.plan.model import Measure


def primary_cells(counts: Sequence[Count], policy: Policy) -> list[Cell]:
    """Return one cell for each key of the counts, with the reason to hide it.

    Zeros that the class shows are open, and denominators of which none is small: populations.
    Pools are printed only where their year is not; the others are no cells.
    """
    by_key: dict[Key, list[Count]] = {}
    for count in counts:
        by_key.setdefault(count.key, []).append(count)
    expected = _expected(counts)
    cells = {key: _cell(key, found, policy, expected) for key, found in sorted(by_key.items())}
    _hide_pairs(cells, counts, policy)
    _drop_pools(cells, counts)
    return _open_populations(cells, by_key)


def complements(counts: Iterable[Count], policy: Policy) -> list[tuple[Cell, Key, Key]]:
    """Return what is left of each denominator, with the keys of denominator and numerator.

    Also where it needs no protection: that the part is never more than the whole is known.
    """
    bases = {(c.row, c.pooled): c for c in counts if c.part == "denominator"}
    found: dict[Key, tuple[Cell, Key, Key]] = {}
    for count in counts:
        base = bases.get((count.row, count.pooled))
        if count.part != "numerator" or base is None:
            continue
        rule = policy.rule(count.measure.disclosure_class)
        hides = rule.hides_complement(count.measure.id)
        part_of_whole = is_share(count.measure)
        if not (hides or part_of_whole):
            continue
        left = base.value - count.value
        small = hides and 1 <= left <= rule.small_up_to
        cell = Cell(
            key=_between(base.key, count.key),
            value=left,
            threshold=rule.threshold,
            lowest=0 if part_of_whole else -FREE,
            why="complement" if small else "",
            small=small,
            derived=True,
        )
        kept = found.get(cell.key)
        if kept is None or (small and not kept[0].small):
            found[cell.key] = (cell, base.key, count.key)
    return list(found.values())


def is_share(measure: Measure) -> bool:
    """Whether its numerator is part of its denominator; a cohort ratio may exceed 100 %."""
    return measure.upper_bound == measure.multiplier and bool(measure.denominator_vi)


def nested_differences(
    cells: Mapping[Key, Cell], counts: Iterable[Count], policy: Policy
) -> list[tuple[Cell, Key, Key]]:
    """Return what lies between two nested counts of one place, year and stratum."""
    key_of = {(count.name, count.key[1:]): count.key for count in counts}
    found = []
    for pair in policy.nested:
        for (name, place), larger in key_of.items():
            smaller = key_of.get((pair.smaller, place))
            if name != pair.larger or smaller is None:
                continue
            if smaller not in cells or larger not in cells:
                continue
            between = cells[larger].value - cells[smaller].value
            if between < 0:
                continue
            threshold = max(cells[larger].threshold, cells[smaller].threshold)
            small = pair.counted and 1 <= between < threshold
            cell = Cell(
                key=_between(larger, smaller),
                value=between,
                threshold=threshold,
                lowest=0,
                why="difference" if small else "",
                small=small,
                derived=True,
            )
            found.append((cell, larger, smaller))
    return found


def _between(whole: Key, part: Key) -> Key:
    return whole._replace(quantity=f"{whole.quantity} - {part.quantity}")


def _cell(
    key: Key, found: Sequence[Count], policy: Policy, expected: Mapping[Key, Fraction]
) -> Cell:
    """Return the cell of a key: a numerator's rule counts before that of a denominator.

    Where several rules are left, the strictest numerator; among denominators the laxest, because
    what several measures divide by is a population.
    """
    numerators = [count for count in found if count.part == "numerator"]
    governing = sorted(
        numerators or found,
        key=lambda count: policy.rule(count.measure.disclosure_class).small_up_to,
    )
    count = governing[-1] if numerators else governing[0]
    rule = policy.rule(count.measure.disclosure_class)
    small = rule.is_small(count.value) if numerators else 1 <= count.value <= rule.small_up_to
    why = "small" if small else ""
    if numerators and count.level != "province":
        if not rule.below_province:
            why = "level"
        elif not why and _few(count, rule, expected):
            why = "few_expected"
    lowest = rule.lowest_hidden if numerators else 1
    return Cell(
        key=key,
        value=count.value,
        threshold=rule.threshold,
        lowest=lowest,
        why=why,
        small=small,
        open=count.value == 0 and lowest > 0,
        headline=count.level == "province" and not key.stratum and not count.pooled,
    )


def _few(count: Count, rule: ClassRule, expected: Mapping[Key, Fraction]) -> bool:
    """Whether a single year is to be replaced by three; a zero is shown all the same."""
    if count.pooled or count.value == 0:
        return False
    return expected.get(count.key, Fraction(count.value)) < rule.pool_below_expected


def _expected(counts: Iterable[Count]) -> dict[Key, Fraction]:
    """Return the cases to expect in each place if the rate of its province held there."""
    amounts: dict[tuple[int, bool], dict[str, Count]] = {}
    for count in counts:
        amounts.setdefault((count.row, count.pooled), {})[count.part] = count
    rates: dict[tuple[str, str, str, str], Fraction] = {}
    pairs = [
        (pair["numerator"], pair["denominator"]) for pair in amounts.values() if len(pair) == 2
    ]
    for part, base in pairs:
        if part.level == "province" and base.value:
            rates[_series(part)] = Fraction(part.value, base.value)
    return {
        part.key: base.value * rates[_series(part)]
        for part, base in pairs
        if _series(part) in rates
    }


def _series(count: Count) -> tuple[str, str, str, str]:
    return count.measure.id, count.key.geography, count.key.period, count.key.stratum


def _hide_pairs(cells: dict[Key, Cell], counts: Iterable[Count], policy: Policy) -> None:
    """Hide numerators whose rest is small, and denominators that leave them too little room."""
    bases = {(c.row, c.pooled): c for c in counts if c.part == "denominator"}
    for count in counts:
        base = bases.get((count.row, count.pooled))
        if count.part != "numerator" or base is None:
            continue
        rule = policy.rule(count.measure.disclosure_class)
        part, whole = cells[count.key], cells[base.key]
        hides = rule.hides_complement(count.measure.id)
        left = base.value - count.value
        if hides and 1 <= left <= rule.small_up_to and not part.why:
            # of a shown zero the rest is the denominator itself
            chosen = whole if part.open else part
            part = cells[chosen.key] = replace(chosen, why="complement")
            whole = cells[base.key]
        room = base.value - (part.lowest if hides else 0)
        bounded = is_share(count.measure) and part.why and not whole.why
        if bounded and base.value > 0 and room < rule.threshold:
            cells[base.key] = replace(whole, why="small_base")


def _drop_pools(cells: dict[Key, Cell], counts: Iterable[Count]) -> None:
    """Drop the pools that are not printed: their year is shown, or nothing of the place is.

    They tell nothing that their years do not tell.
    """
    pools = [count for count in counts if count.pooled]
    years = {(c.row, c.part): c.key for c in counts if not c.pooled}
    printed = set()
    for count in pools:
        year = cells.get(years.get((count.row, "numerator"), count.key))
        if year is not None and year.why and cells[count.key].why != "level":
            printed.add(count.key)
    for key in {count.key for count in pools} - printed:
        del cells[key]


def _open_populations(
    cells: Mapping[Key, Cell], by_key: Mapping[Key, Sequence[Count]]
) -> list[Cell]:
    """Open all cells of a quantity that is only ever a denominator and nowhere small."""
    only_base = {
        key for key, found in by_key.items() if all(c.part == "denominator" for c in found)
    }
    not_base = {key.quantity for key in cells if key not in only_base}
    touched = {key.quantity for key, cell in cells.items() if cell.why}
    settled = {key.quantity for key in only_base} - not_base - touched
    return [
        replace(cell, open=True, derived=False)
        if key.quantity in settled or (cell.open and not cell.why)
        else cell
        for key, cell in cells.items()
    ]
