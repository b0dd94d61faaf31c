"""A trace as a person reads it, from the figure down to the file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from treem.audit.lineage import NATION
from treem.display.numbers import SIGNS, short_date, with_unit
from treem.display.texts import load_texts
from treem.display.words import verdict_name
from treem.plan.model import TARGET_YEARS

if TYPE_CHECKING:
    from treem.audit.trace import Trace

SHORT = 16
PLACES = 3


def trace_text(found: Trace) -> str:
    """Return the trace, one step of the road a block."""
    return "\n".join(_lines(found))


def _lines(found: Trace) -> Iterator[str]:
    figure = found.figure
    shown = with_unit(figure["display"], figure["unit"])
    sign = SIGNS[figure["bound"]] if figure["bound"] else ""
    yield _say("figure", id=figure["figure"], shown=f"{sign}{shown}", exact=figure["exact"])
    if found.measure_name:
        yield _say("measure", id=figure["measure"], name=found.measure_name)
    yield _say("scope", area=_area(found), year=_year(figure))
    places = [figure, *figure["also"]]
    for place in places[:PLACES]:
        yield _say("printed", notebook=place["notebook"], cell=place["cell"])
    if len(places) > PLACES:
        yield _say("printed_more", count=len(places) - PLACES)
    yield _say("formula", formula=figure["formula"])
    if figure["operation"] == "count":
        yield from _counted(found)
    yield from _observed(found)
    for line in found.plan_lines:
        yield _say("plan_line", **line)
    for row in found.published:
        yield _say("published", file=row["file"], line=row["line"])
        yield from _published(row["row"])
    for one in found.findings:
        yield _say("finding", id=one["finding_id"], message=one["message"])
    for file in found.files:
        state = "intact" if file.intact else "changed" if file.now else "gone"
        yield _say(state, path=file.path, recorded=file.recorded[:SHORT], now=file.now[:SHORT])


def _published(row: Mapping[str, str]) -> Iterator[str]:
    """Say a row of a published source under the Vietnamese names of its columns."""
    names: dict[str, str] = load_texts("trace")["columns"]
    for column, value in row.items():
        if value and column in names:
            yield _say("column", name=names[column], value=value)


def _area(found: Trace) -> str:
    code = found.figure["area_code"]
    return _say("nation") if code == NATION else f"{found.area_name} ({code})"


def _year(figure: Mapping[str, Any]) -> str:
    return _say("no_year") if figure["year"] is None else str(figure["year"])


def _counted(found: Trace) -> Iterator[str]:
    for row in found.results:
        verdicts = "; ".join(f"{year}: {_verdict(row, year)}" for year in TARGET_YEARS)
        yield _say("counted", key=row["key"], verdicts=verdicts)


def _verdict(row: Mapping[str, str], target_year: int) -> str:
    code = row[f"verdict_{target_year}"]
    return verdict_name(code, mode=row["mode"], year=int(row["year"]), target_year=target_year)


def _observed(found: Trace) -> Iterator[str]:
    for row in found.observations:
        yield _say(
            "observation",
            measure=row["measure"],
            part=load_texts("trace")["part"][row["part"]],
            area=row["area_name"],
            year=row["year"],
            raw=row["raw"],
        )
        in_sheet = "cell" if row["sheet"] else "cell_alone"
        where = in_sheet if row["cell"] else "row"
        yield _say(where, **{key: row[key] for key in ("file", "sheet", "cell", "published_row")})
        sender = {key: row[key] for key in ("agency", "received_date", "document_number")}
        if sender["received_date"]:
            sender["received_date"] = short_date(dt.date.fromisoformat(sender["received_date"]))
        if any(sender.values()):
            yield _say("sender", **{key: value or "…" for key, value in sender.items()})


def _say(name: str, /, **places: Any) -> str:
    sentence: str = load_texts("trace")[name]
    return sentence.format(**places)
