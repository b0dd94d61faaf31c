"""Runs a suite of `expectations/` with Great Expectations and returns what failed, row by row.

The engine works in an ephemeral context with analytics off: nothing is sent, nothing is written.
Whether an expectation holds is asked first; rows are looked for only where it does not.
"""

from __future__ import annotations

import json
import logging
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from treem.errors import UsageError
from treem.intake.findings import Severity
from treem.intake.observations import PARTS, records
from treem.intake.tables import say_os_error
from treem.project import Project
from treem.quality.cells import Cell
from treem.quality.views import Views
from treem.strata import STRATA

if TYPE_CHECKING:
    import pandas as pd

Raw = list[dict[str, Any]]
META_KEYS = ("view", "rule", "name_vi", "severity", "message_vi", "instruction_vi")
SEVERITIES = ("record", "submission", "run", "info")
CHECK_FAILED = "check_failed"
MOST_ROWS = 1_000
MOST_RAW = 20


def read_suite(project: Project, name: str) -> list[dict[str, Any]]:
    """Return the expectations of `expectations/<name>.json`.

    Raises UsageError where the file is missing, is no JSON, or an expectation lacks its words:
    the suites are files of the project, not something received.
    """
    at = f"expectations/{name}.json"
    path = project.expectations / f"{name}.json"
    try:
        expectations = json.loads(path.read_text("utf-8"))["expectations"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{at}: không đọc được bộ kiểm tra: {_say_unreadable(error)}. "
            "Hãy lấy lại tệp từ kho mã."
        ) from error
    if not isinstance(expectations, list):
        raise UsageError(f"{at}: “expectations” cần là một danh sách. Hãy lấy lại tệp từ kho mã.")
    for number, expectation in enumerate(expectations, 1):
        _check_shape(f"{at}, phép kiểm tra thứ {number}", expectation)
    return cast(list[dict[str, Any]], expectations)


def _say_unreadable(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return f"sai dạng JSON ở dòng {error.lineno}, cột {error.colno}"
        case OSError():
            return say_os_error(error)
        case UnicodeDecodeError():
            return "tệp không ở bảng mã UTF-8"
    return "thiếu danh sách “expectations”"


def rules_of(project: Project) -> dict[str, bool]:
    """Return the rules of all suites, and whether a waiver may let a finding of one pass.

    A rule of severity `run` finds a fault of our own program: nobody can waive that.
    """
    return {
        expectation["meta"]["rule"]: expectation["meta"]["severity"] != "run"
        for path in sorted(project.expectations.glob("*.json"))
        for expectation in read_suite(project, path.stem)
    } | {CHECK_FAILED: False}


def _check_shape(at: str, expectation: Any) -> None:
    """Check that an expectation has its type, its arguments and its words."""
    if not isinstance(expectation, dict):
        raise UsageError(f"{at}: không phải một khối {{…}}. Hãy sửa tệp.")
    kind, meta = expectation.get("type"), expectation.get("meta")
    if not isinstance(kind, str) or not isinstance(expectation.get("kwargs"), dict):
        raise UsageError(f"{at}: thiếu hoặc sai type hoặc kwargs. Hãy ghi đủ hai phần này.")
    words = meta if isinstance(meta, dict) else {}
    missing = [key for key in META_KEYS if not words.get(key)]
    if missing or words["severity"] not in SEVERITIES:
        raise UsageError(
            f"{at} ({kind}): phần meta thiếu hoặc sai "
            f"{', '.join(missing) or 'severity'}. Hãy ghi đủ: {', '.join(META_KEYS)}."
        )


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
        row = self.row
        if not row:
            return []
        place = str(row["area_code"]), int(row["year"])
        stratum = str(row.get("stratum", ""))
        match self.meta["view"]:
            case "wide":
                names = (self.expectation["kwargs"][side] for side in ("column_A", "column_B"))
                columns = [name.rsplit(" ", 1) for name in names if " " in name]
                return [Cell(*place, measure, part, stratum) for measure, part in columns]
            case "shares" | "cohorts" | "neighbours":
                parts = ("numerator", "denominator")
                return [Cell(*place, row["measure"], part, stratum) for part in parts]
            case "given":
                return [Cell(*place, row["measure"], part, stratum) for part in PARTS]
            case "strata":
                codes = ("", *STRATA[row["dimension"]])
                return [Cell(*place, row["measure"], row["part"], code) for code in codes]
            case "partitions" | "changes" | "province" | "districts":
                return [Cell(*place, row["measure"], row["part"], stratum)]
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
    batches = _Batches(_needed(views, expectations))
    batches.check_known(name, expectations)
    outcome = Outcome([], [])
    for view in dict.fromkeys(expectation["meta"]["view"] for expectation in expectations):
        chosen = [one for one in expectations if one["meta"]["view"] == view]
        if view not in views:
            raise UsageError(
                f"expectations/{name}.json: không có bảng nào tên “{view}” để kiểm tra."
            )
        if views[view].empty:
            nothing = {"success": True, "result": {"element_count": 0}, "exception_info": {}}
            outcome.raw.extend(_raw(name, view, one, nothing) for one in chosen)
            continue
        for expectation, result in zip(chosen, batches.hold(name, view, chosen), strict=True):
            if not result["success"]:
                result = batches.rows(name, view, expectation)
                outcome.failures.extend(_failures(expectation, result, views[view]))
            outcome.raw.append(_raw(name, view, expectation, result))
    return outcome


def _needed(views: Views, expectations: list[dict[str, Any]]) -> Views:
    """Return views with the columns that expectations name: the engine copies whole tables."""
    columns: dict[str, set[str]] = {}
    for one in expectations:
        kwargs = one["kwargs"]
        named = {"row", *kwargs.get("column_list", ()), *kwargs.get("column_set", ())}
        named |= {str(kwargs.get(key)) for key in ("column", "column_A", "column_B")}
        named |= set(re.findall(r"[a-z]\w*", kwargs.get("row_condition", "")))
        columns.setdefault(one["meta"]["view"], set()).update(named)
    return {
        view: views[view][[name for name in views[view].columns if name in names]]
        for view, names in columns.items()
        if view in views
    }


class _Batches:
    """The views as Great Expectations batches, in a context that leaves no trace."""

    def __init__(self, views: Views):
        os.environ["GX_ANALYTICS_ENABLED"] = "False"
        with _quiet():
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

    def check_known(self, suite: str, expectations: list[dict[str, Any]]) -> None:
        """Refuse a suite with a kind of expectation, or an argument, that the engine lacks.

        The engine itself would only log these and leave the expectation out.
        """
        from great_expectations.exceptions import GreatExpectationsError
        from great_expectations.expectations.expectation_configuration import (
            ExpectationConfiguration,
        )

        for number, one in enumerate(expectations, 1):
            at = f"expectations/{suite}.json, phép kiểm tra thứ {number} ({one['meta']['rule']})"
            try:
                with _quiet():
                    ExpectationConfiguration(type=one["type"], kwargs=one["kwargs"]).to_domain_obj()
            except GreatExpectationsError as error:
                raise UsageError(
                    f"{at}: không có loại phép kiểm tra “{one['type']}”. Hãy sửa type."
                ) from error
            except (ValueError, TypeError) as error:
                raise UsageError(
                    f"{at}: kwargs không hợp với {one['type']}. Hãy sửa kwargs."
                ) from error

    def hold(
        self, suite: str, view: str, expectations: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Return for each expectation whether it holds, without looking for rows."""
        return self._validate(suite, view, expectations, {"result_format": "BOOLEAN_ONLY"})

    def rows(self, suite: str, view: str, expectation: dict[str, Any]) -> dict[str, Any]:
        """Return the result of one expectation with the keys of the rows that break it.

        All of them, because each is a value to leave out; where the fault is our own (severity
        `run`) nothing is used anyway and the first `MOST_ROWS` are enough to find it.
        """
        asked: dict[str, Any] = {
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["row"],
        }
        if expectation["meta"]["severity"] == "run":
            asked |= {"result_format": "SUMMARY", "partial_unexpected_count": MOST_ROWS}
        return self._validate(suite, view, [expectation], asked)[0]

    def _validate(
        self,
        suite: str,
        view: str,
        expectations: list[dict[str, Any]],
        result_format: dict[str, Any],
    ) -> list[dict[str, Any]]:
        with _quiet():
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
def _quiet() -> Iterator[None]:
    """Silence the engine: warnings about its own deprecated modules, and tracebacks it logs.

    What went wrong in a check is in its result and becomes a finding.
    """
    log = logging.getLogger("great_expectations")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        log.setLevel(before)


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
    keys = dict.fromkeys(_unexpected(result))
    if not keys:
        yield Failure(expectation, {})
        return
    rows = {row["row"]: row for row in records(table[table["row"].isin(list(keys))])}
    for key in keys:
        yield Failure(expectation, rows[key])


def _unexpected(result: Mapping[str, Any]) -> list[str]:
    """Return the keys of the rows that break an expectation."""
    found = result["result"]
    listed = found.get("unexpected_index_list") or found.get("partial_unexpected_index_list") or ()
    return [entry["row"] for entry in listed]


def _exception(result: Mapping[str, Any]) -> str:
    info = result["exception_info"]
    entries = [info] if "raised_exception" in info else list(info.values())
    return next((str(one["exception_message"]) for one in entries if one["raised_exception"]), "")


def _raw(
    suite: str, view: str, expectation: Mapping[str, Any], result: Mapping[str, Any]
) -> dict[str, Any]:
    """Return Great Expectations' result without run ids, times and tracebacks.

    Of long lists the first `MOST_RAW`: every row is a finding already.
    """
    found = {
        key: value[:MOST_RAW] if isinstance(value, list) else value
        for key, value in result["result"].items()
        if key != "unexpected_index_query"
    }
    return {
        "suite": suite,
        "view": view,
        "rule": expectation["meta"]["rule"],
        "severity": expectation["meta"]["severity"],
        "type": expectation["type"],
        "kwargs": expectation["kwargs"],
        "success": result["success"],
        "exception": _exception(result),
        "result": found,
    }
