"""Runs a suite of `expectations/` with Great Expectations and returns what failed, row by row.

The engine works in an ephemeral context with analytics off: nothing is sent, nothing is written.
Whether an expectation holds is asked first; rows are looked for only where it does not.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from treem.errors import DataError
from treem.intake.findings import Severity
from treem.intake.observations import records
from treem.project import Project
from treem.quality.views import Cell, Views

if TYPE_CHECKING:
    import pandas as pd

Raw = list[dict[str, Any]]
META_KEYS = ("view", "rule", "name_vi", "severity", "message_vi", "instruction_vi")
SEVERITIES = ("record", "submission", "run", "info")
CHECK_FAILED = "check_failed"


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


@dataclass(frozen=True)
class Failure:
    """An expectation and one row that broke it (an empty row where the whole table did)."""

    expectation: Mapping[str, Any]
    row: Mapping[str, Any]

    @property
    def meta(self) -> Mapping[str, str]:
        """The words, view and severity of the expectation."""
        return cast(Mapping[str, str], self.expectation["meta"])

    @property
    def severity(self) -> Severity:
        """What follows from it."""
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
class Outcome:
    """What a suite found: each failed row, and the raw result."""

    failures: list[Failure]
    raw: Raw


def run_suite(project: Project, name: str, views: Views) -> Outcome:
    """Run a suite view by view: first whether it holds, then the rows of what does not."""
    expectations = read_suite(project, name)
    batches = _Batches(views)
    outcome = Outcome([], [])
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
) -> Iterable[Failure]:
    raised = _exception(result)
    if raised:
        meta = expectation["meta"]
        broken = {
            "rule": CHECK_FAILED,
            "severity": "run",
            "message_vi": f"Không thực hiện được phép kiểm tra “{meta['name_vi']}”: {raised}",
            "instruction_vi": "Báo người bảo trì; số liệu chưa được kiểm tra thì không công bố.",
        }
        yield Failure({**expectation, "meta": {**meta, **broken}}, {})
        return
    keys = [entry["row"] for entry in result["result"].get("unexpected_index_list") or ()]
    if not keys:
        yield Failure(expectation, {})
        return
    rows = {row["row"]: row for row in records(table)}
    for key in dict.fromkeys(keys):
        yield Failure(expectation, rows[key])


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


def _split_column(column: str) -> tuple[str, str]:
    measure, part = column.rsplit(" ", 1)
    return measure, part
