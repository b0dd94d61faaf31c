"""The gate: runs the Great Expectations suites of `expectations/` and returns findings as rows.

Each expectation carries in its `meta` the view it looks at (`treem.quality_views`), a rule code,
a Vietnamese name, its severity, the message (a template) and what to do. Suites run in an
ephemeral context with analytics off: nothing is sent and nothing is written. There is no switch
that skips a check, and a check that could not be made is itself a finding that stops the run.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from treem.edition import Edition
from treem.errors import DataError
from treem.intake.findings import Finding, Severity, findings_table
from treem.intake.observations import records
from treem.plan.model import Measure
from treem.project import Project
from treem.quality_views import (
    Cell,
    Views,
    cell_of,
    observation_views,
    register_views,
    result_views,
)

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Areas
    from treem.plan.register import PlanRegister

Raw = list[dict[str, Any]]
META_KEYS = ("view", "rule", "name_vi", "severity", "message_vi", "instruction_vi")
SEVERITIES = ("record", "submission", "run", "info")
_CHECK_FAILED = "check_failed"


@dataclass(frozen=True)
class Gate:
    """What a suite found: findings as a table, and Great Expectations' raw result."""

    findings: pd.DataFrame
    raw: Raw


@dataclass(frozen=True)
class Checked(Gate):
    """The same for observations, with `used` set to "false" where a value was left out."""

    observations: pd.DataFrame


def check_register(project: Project, edition: Edition, register: PlanRegister) -> Gate:
    """Check the plan register; every fault of it is of severity `run`."""
    outcome = _run_suite(project, "register", register_views(edition, register))
    findings = [_finding(failure, _place_of(failure.row)) for failure in outcome.failures]
    return Gate(findings_table(edition.name, findings), outcome.raw)


def check(
    project: Project,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    observations: pd.DataFrame,
) -> Checked:
    """Check what was received.

    Severity `record` leaves the values it names out, `submission` all values of the workbook.
    Out: one finding per value (or workbook, or expected value) and rule.
    """
    views = observation_views(edition, register, areas, observations)
    outcome = _run_suite(project, "observations", views)
    origins = _origins(observations)
    findings: list[Finding] = []
    left_out: set[str] = set()
    files_left_out: set[str] = set()
    for failure in outcome.failures:
        blamed: Sequence[Mapping[str, Any]] = failure.observation or [
            origins[cell] for cell in failure.cells if cell in origins
        ]
        words = _words_of(blamed, register.measures)
        for origin in blamed or [_place_of(failure.row)]:
            findings.append(_finding(failure, origin, words))
        if failure.severity == "record":
            left_out |= {str(origin["observation_id"]) for origin in blamed}
        elif failure.severity == "submission":
            files_left_out.add(str(failure.row["file"]))
    out = observations["observation_id"].isin(left_out) | observations["file"].isin(files_left_out)
    checked = observations.assign(used=observations["used"].mask(out, "false"))
    return Checked(findings_table(edition.name, findings), outcome.raw, checked)


def check_results(
    project: Project, edition: Edition, register: PlanRegister, results: pd.DataFrame
) -> Gate:
    """Check the results; every fault of them is of severity `run`."""
    outcome = _run_suite(project, "results", result_views(edition, register, results))
    findings = [_finding(failure, _place_of(failure.row)) for failure in outcome.failures]
    return Gate(findings_table(edition.name, findings), outcome.raw)


def read_suite(project: Project, name: str) -> list[dict[str, Any]]:
    """Return the expectations of `expectations/<name>.json`.

    Raises DataError where the file is missing, is no JSON, or an expectation lacks its words.
    """
    path = project.expectations / f"{name}.json"
    try:
        expectations = json.loads(path.read_text("utf-8"))["expectations"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"expectations/{name}.json: không đọc được bộ kiểm tra ({type(error).__name__}). "
            "Hãy lấy lại tệp từ kho mã."
        ) from error
    for expectation in expectations:
        meta = expectation.get("meta", {})
        missing = [key for key in META_KEYS if not meta.get(key)]
        if missing or meta["severity"] not in SEVERITIES:
            raise DataError(
                f"expectations/{name}.json, {expectation.get('type')}: phần meta thiếu hoặc sai "
                f"{', '.join(missing) or 'severity'}. Hãy ghi đủ: {', '.join(META_KEYS)}."
            )
    return cast(list[dict[str, Any]], expectations)


# --- running a suite --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Failure:
    """An expectation and one row that broke it (an empty row where the whole table did)."""

    expectation: Mapping[str, Any]
    row: Mapping[str, Any]

    @property
    def meta(self) -> Mapping[str, str]:
        return cast(Mapping[str, str], self.expectation["meta"])

    @property
    def severity(self) -> Severity:
        return cast(Severity, self.meta["severity"])

    @property
    def observation(self) -> list[Mapping[str, Any]]:
        """The observation that the row itself is, where it is one."""
        return [self.row] if "observation_id" in self.row else []

    @property
    def cells(self) -> list[Cell]:
        """The values that the row compares: all of them are doubtful, none is guessed right."""
        area, year = str(self.row.get("area_code")), int(self.row.get("year", 0))
        match self.meta["view"]:
            case "wide":
                kwargs = self.expectation["kwargs"]
                columns = (kwargs["column_A"], kwargs["column_B"])
                return [(area, year, *_split_column(column)) for column in columns]
            case "shares" | "cohorts":
                measure = str(self.row["measure"])
                return [(area, year, measure, part) for part in ("numerator", "denominator")]
            case "partitions":
                return [(area, year, str(self.row["measure"]), str(self.row["part"]))]
            case _:
                return []


@dataclass(frozen=True)
class _Outcome:
    failures: list[_Failure]
    raw: Raw


def _run_suite(project: Project, name: str, views: Views) -> _Outcome:
    """Run a suite view by view: first whether it holds, then the rows of what does not."""
    expectations = read_suite(project, name)
    batches = _Batches(views)
    outcome = _Outcome([], [])
    for view in dict.fromkeys(expectation["meta"]["view"] for expectation in expectations):
        chosen = [one for one in expectations if one["meta"]["view"] == view]
        if view not in views:
            raise DataError(
                f"expectations/{name}.json: không có bảng nào tên “{view}” để kiểm tra."
            )
        if views[view].empty:
            continue
        for expectation, result in zip(chosen, batches.hold(name, view, chosen), strict=True):
            if not result["success"]:
                result = batches.rows(name, view, expectation)
                outcome.failures.extend(_failures(expectation, result, views[view]))
            outcome.raw.append(_raw(name, view, expectation, result))
    return outcome


class _Batches:
    """The views as Great Expectations batches, in a context that leaves no trace."""

    def __init__(self, views: Views):
        os.environ["GX_ANALYTICS_ENABLED"] = "False"
        with _without_warnings():
            import great_expectations as gx
            from great_expectations.data_context.types.base import ProgressBarsConfig

            self._gx = gx
            context = gx.get_context(mode="ephemeral")
            context.variables.progress_bars = ProgressBarsConfig(globally=False)
            source = context.data_sources.add_pandas("views")
            self._batches = {
                name: source.add_dataframe_asset(name)
                .add_batch_definition_whole_dataframe(name)
                .get_batch({"dataframe": table})
                for name, table in views.items()
                if not table.empty
            }

    def hold(
        self, suite: str, view: str, expectations: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Return for each expectation whether it holds, without looking for rows."""
        return self._validate(suite, view, expectations, {"result_format": "BOOLEAN_ONLY"})

    def rows(self, suite: str, view: str, expectation: dict[str, Any]) -> dict[str, Any]:
        """Return the full result of one expectation, with the keys of the rows that break it."""
        asked = {"result_format": "COMPLETE", "unexpected_index_column_names": ["row"]}
        return self._validate(suite, view, [expectation], asked)[0]

    def _validate(
        self,
        suite: str,
        view: str,
        expectations: list[dict[str, Any]],
        result_format: dict[str, Any],
    ) -> list[dict[str, Any]]:
        with _without_warnings():
            built = self._gx.ExpectationSuite(
                name=f"{suite} {view}",
                expectations=[
                    {"type": one["type"], "kwargs": one["kwargs"], "meta": {"number": number}}
                    for number, one in enumerate(expectations)
                ],
            )
            answer = self._batches[view].validate(built, result_format=result_format)
        results = answer.to_json_dict()["results"]
        order = [result["expectation_config"]["meta"]["number"] for result in results]
        return [
            result for _, result in sorted(zip(order, results, strict=True), key=lambda p: p[0])
        ]


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Silence the engine's warnings about its own use of deprecated modules."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _failures(
    expectation: Mapping[str, Any], result: Mapping[str, Any], table: pd.DataFrame
) -> Iterable[_Failure]:
    raised = _exception(result)
    if raised:
        meta = expectation["meta"]
        broken = {
            "rule": _CHECK_FAILED,
            "severity": "run",
            "message_vi": f"Không thực hiện được phép kiểm tra “{meta['name_vi']}”: {raised}",
            "instruction_vi": "Báo người bảo trì; số liệu chưa được kiểm tra thì không công bố.",
        }
        yield _Failure({**expectation, "meta": {**meta, **broken}}, {})
        return
    keys = [entry["row"] for entry in result["result"].get("unexpected_index_list") or ()]
    if not keys:
        yield _Failure(expectation, {})
        return
    rows = {row["row"]: row for row in records(table)}
    for key in dict.fromkeys(keys):
        yield _Failure(expectation, rows[key])


def _exception(result: Mapping[str, Any]) -> str:
    info = result["exception_info"]
    entries = [info] if "raised_exception" in info else list(info.values())
    return next((str(one["exception_message"]) for one in entries if one["raised_exception"]), "")


def _raw(
    suite: str, view: str, expectation: Mapping[str, Any], result: Mapping[str, Any]
) -> dict[str, Any]:
    """Return Great Expectations' result without run ids, times and tracebacks."""
    return {
        "suite": suite,
        "view": view,
        "rule": expectation["meta"]["rule"],
        "severity": expectation["meta"]["severity"],
        "type": expectation["type"],
        "kwargs": expectation["kwargs"],
        "success": result["success"],
        "exception": _exception(result),
        "result": result["result"],
    }


# --- findings ---------------------------------------------------------------------------------


def _origins(observations: pd.DataFrame) -> dict[Cell, dict[str, Any]]:
    """Return the observations that nothing superseded by cell, for the place of a finding."""
    current = observations[observations["superseded_by"] == ""]
    return {cell_of(row): row for row in records(current)}


def _words_of(
    blamed: Sequence[Mapping[str, Any]], measures: Mapping[str, Measure]
) -> dict[str, str]:
    """Return what a message may say about the values compared: raw texts, cells and names."""
    words = {}
    for letter, origin in zip("ab", blamed, strict=False):
        words[letter] = origin["raw"]
        words[f"cell_{letter}"] = origin["cell"] or origin["published_row"]
        words[f"name_{letter}"] = measures[origin["measure"]].name_vi
    return words


def _place_of(row: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("file", "sheet", "cell", "area_code", "area_name", "year", "measure", "part", "raw")
    return {key: row.get(key, "") for key in keys} | {
        "measure": row.get("measure", row.get("id", ""))
    }


def _finding(
    failure: _Failure, origin: Mapping[str, Any], words: Mapping[str, str] | None = None
) -> Finding:
    meta = failure.meta
    values = {**failure.row, **origin, **(words or {})}
    place = {key: str(value) for key, value in _place_of(origin).items()}
    if not place["cell"] and origin.get("published_row"):
        place["cell"] = str(origin["published_row"])
    return Finding(
        rule=meta["rule"],
        severity=failure.severity,
        message=_fill(meta["message_vi"], values),
        instruction=_fill(meta["instruction_vi"], values),
        **place,
    )


def _fill(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template; a place that the row does not know stays empty."""

    class Known(dict[str, str]):
        def __missing__(self, key: str) -> str:
            return ""

    texts = {key: _plain(value) for key, value in values.items()}
    return template.format_map(Known(texts))


def _plain(value: Any) -> str:
    """Return a number of a view as people write it: no `.0`, decimal comma."""
    if isinstance(value, float):
        return f"{value:.6g}".replace(".", ",")
    return str(value)


def _split_column(column: str) -> tuple[str, str]:
    measure, part = column.rsplit(" ", 1)
    return measure, part
