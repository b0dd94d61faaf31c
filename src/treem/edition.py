"""One edition of the review: `params/<edition>.yml` read, checked and frozen.

Everything that changes from one edition to the next is in that file and nowhere else. A missing,
unknown or misspelled key, a wrong type or an impossible value stops the run before anything is
read (exit code 2), with the nearest known key as a hint.
"""

from __future__ import annotations

import datetime as dt
import difflib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from treem.errors import EditionError
from treem.plan.model import YEARS, Reading
from treem.project import Project

GENERATED_NOTICE = "SỐ LIỆU TRÌNH DIỄN DO MÁY SINH RA - KHÔNG PHẢI SỐ LIỆU THẬT"
"""Stands on every page, in every file and in every table of an edition with generated data."""

INTERNAL_NOTICE = "BẢN NỘI BỘ, CÓ SỐ NHỎ CHƯA BẢO MẬT - KHÔNG CÔNG BỐ"
"""Stands likewise on everything that was made before disclosure control."""

Audience = Literal["public", "internal"]
"""For whom a build is made: after and before disclosure control, two separate executions."""


@dataclass(frozen=True)
class DocumentParams:
    """What the front and the end of the document say (the form of Nghị định 30/2020/NĐ-CP)."""

    title: str
    subject: str
    parent_body: str
    issuing_body: str
    place: str
    symbol: str
    addressees: tuple[str, ...]
    legal_basis: tuple[str, ...]
    recipients: tuple[str, ...]
    signature: tuple[str, ...]


@dataclass(frozen=True)
class GeneratorParams:
    """How a demonstration edition's submissions are generated."""

    seed: int


@dataclass(frozen=True)
class Edition:
    """A checked edition.

    `year` is the year under review, `years` all years that have a notebook (ascending, `year`
    last). `as_of` is the date on which areas are taken. `areas` says which areas below the
    province have notebooks of their own. `submissions` are folders with a folder for each year.
    `strata` names the breakdowns (`sex`, `residence`) asked for, by measure. Paths are relative
    to the project and exist or not: the stage that reads them says so. `audience` is chosen by
    the command, not by the file.
    """

    name: str
    kind: Literal["real", "demonstration"]
    plan_version: int
    reading: Reading
    geography: str
    province: str
    as_of: dt.date
    areas: Literal["none", "districts", "communes"]
    years: tuple[int, ...]
    year: int
    submissions: tuple[str, ...]
    published: str | None
    generator: GeneratorParams | None
    document: DocumentParams
    path: Path
    strata: Mapping[str, tuple[str, ...]]
    audience: Audience = "public"

    @property
    def generated(self) -> bool:
        """Whether the figures are generated and not real."""
        return self.kind == "demonstration"

    @property
    def notice(self) -> str:
        """The sentence that marks generated data; empty for an edition of real figures."""
        return GENERATED_NOTICE if self.generated else ""

    @property
    def page_notice(self) -> str:
        """What every page says: that figures are generated, that the build is internal, or ""."""
        internal = INTERNAL_NOTICE if self.audience == "internal" else ""
        return ". ".join(filter(None, (self.notice, internal)))

    @property
    def profile(self) -> str:
        """The name of the Quarto profile of this build."""
        return self.name if self.audience == "public" else f"{self.name}-noi-bo"


_TOP: dict[str, type | tuple[type, ...]] = {
    "edition": str,
    "kind": str,
    "plan_version": int,
    "reading": str,
    "geography": str,
    "province": str,
    "as_of": dt.date,
    "areas": str,
    "years": list,
    "year": int,
    "submissions": (str, list, type(None)),
    "published": (str, type(None)),
    "document": dict,
}
_DIMENSIONS = ("sex", "residence")
_DOCUMENT: dict[str, type | tuple[type, ...]] = {
    "title": str,
    "subject": str,
    "parent_body": str,
    "issuing_body": str,
    "place": str,
    "symbol": str,
    "addressees": list,
    "legal_basis": list,
    "recipients": list,
    "signature": list,
}
_GENERATOR: dict[str, type | tuple[type, ...]] = {"seed": int}
_TYPE_NAMES = {
    str: "chữ",
    int: "số nguyên",
    list: "danh sách",
    dict: "nhóm khóa",
    dt.date: "ngày dạng 2024-12-31",
    type(None): "để trống (null)",
}


def edition_names(project: Project) -> list[str]:
    """Return the names of all editions of the project, sorted."""
    return sorted(path.stem for path in project.params.glob("*.yml"))


def load_edition(project: Project, name: str) -> Edition:
    """Read and check `params/<name>.yml`.

    Raises EditionError (exit code 2) on an unknown edition or any fault of the file.
    """
    path = project.params / f"{name}.yml"
    known = edition_names(project)
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Có phải ý bạn là {close[0]}?" if close else ""
        raise EditionError(
            f"Không có kỳ báo cáo “{name}”: không tìm thấy tệp params/{name}.yml.{hint} "
            f"Các kỳ hiện có: {', '.join(known) or 'chưa có kỳ nào'}."
        )
    data = _read_yaml(path)
    return _build(path, name, data)


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        data = yaml.load(unicodedata.normalize("NFC", path.read_text("utf-8")), _UniqueKeyLoader())
    except UnicodeDecodeError as error:
        raise EditionError(f"{_at(path)}: tệp không phải UTF-8. Hãy lưu lại bằng UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" dòng {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "không đọc được"
        raise EditionError(f"{_at(path)}{line}: sai cú pháp YAML ({problem}).") from error
    if not isinstance(data, dict):
        raise EditionError(f"{_at(path)}: cần một danh sách khóa và giá trị, tệp đang trống.")
    return data


def _UniqueKeyLoader() -> Any:  # noqa: N802 - built late so that yaml is imported late
    import yaml

    class Loader(yaml.SafeLoader):
        """A safe loader that refuses a key given twice instead of keeping the last."""

    def construct(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        seen: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"khóa “{key}” ghi hai lần", key_node.start_mark
                )
            seen[key] = loader.construct_object(value_node, deep=True)
        return seen

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, construct)
    return Loader


def _at(path: Path) -> str:
    return f"params/{path.name}"


def _check_keys(
    path: Path,
    data: Mapping[str, Any],
    schema: Mapping[str, type | tuple[type, ...]],
    group: str = "",
    optional: tuple[str, ...] = (),
) -> None:
    prefix = f"{group}." if group else ""
    for key in data:
        if key not in schema:
            close = difflib.get_close_matches(str(key), schema, n=1, cutoff=0.5)
            hint = f" Có phải ý bạn là “{prefix}{close[0]}”?" if close else ""
            raise EditionError(
                f"{_at(path)}: không có khóa nào tên “{prefix}{key}”.{hint} "
                f"Các khóa được dùng: {', '.join(schema)}."
            )
    missing = [f"{prefix}{key}" for key in schema if key not in data and key not in optional]
    if missing:
        raise EditionError(f"{_at(path)}: thiếu khóa {', '.join(missing)}. Hãy thêm vào tệp.")
    for key, value in data.items():
        allowed = schema[key]
        kinds = allowed if isinstance(allowed, tuple) else (allowed,)
        if type(value) not in kinds:
            expected = " hoặc ".join(_TYPE_NAMES[kind] for kind in kinds)
            raise EditionError(
                f"{_at(path)}: khóa “{prefix}{key}” cần {expected}, đang ghi {value!r}."
            )


def _build(path: Path, name: str, data: dict[str, Any]) -> Edition:
    optional = {"generator": dict, "strata": dict}
    _check_keys(path, data, {**_TOP, **optional}, optional=tuple(optional))
    _check_keys(path, data["document"], _DOCUMENT, "document")
    document: dict[str, Any] = {
        key: tuple(_texts(path, f"document.{key}", value)) if isinstance(value, list) else value
        for key, value in data["document"].items()
    }
    _one_of(path, "kind", data["kind"], ("real", "demonstration"))
    _one_of(path, "reading", data["reading"], ("ledger", "text", "table"))
    _one_of(path, "areas", data["areas"], ("none", "districts", "communes"))
    if data["edition"] != name:
        raise EditionError(
            f"{_at(path)}: khóa “edition” ghi “{data['edition']}”, khác tên tệp “{name}”. "
            "Hai tên phải giống nhau."
        )
    years = _years(path, data["years"], data["year"])
    generator = None
    if data["kind"] == "demonstration":
        if "generator" not in data:
            raise EditionError(
                f"{_at(path)}: kỳ trình diễn (kind: demonstration) cần khóa “generator” với “seed”."
            )
        _check_keys(path, data["generator"], _GENERATOR, "generator")
        generator = GeneratorParams(**data["generator"])
    elif "generator" in data:
        raise EditionError(f"{_at(path)}: kỳ số liệu thật (kind: real) không dùng “generator”.")
    submissions = _folders(path, data["submissions"])
    if not submissions and data["published"] is None:
        raise EditionError(f"{_at(path)}: cần ít nhất một nguồn: “submissions” hoặc “published”.")
    return Edition(
        name=name,
        kind=data["kind"],
        plan_version=data["plan_version"],
        reading=data["reading"],
        geography=data["geography"],
        province=data["province"],
        as_of=data["as_of"],
        areas=data["areas"],
        years=years,
        year=data["year"],
        submissions=submissions,
        published=data["published"],
        generator=generator,
        document=DocumentParams(**document),
        path=path,
        strata=_strata(path, data.get("strata", {})),
    )


def _one_of(path: Path, key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise EditionError(
            f"{_at(path)}: khóa “{key}” ghi “{value}”; chỉ nhận một trong: {', '.join(allowed)}."
        )


def _texts(path: Path, key: str, values: list[Any]) -> list[str]:
    for value in values:
        if not isinstance(value, str) or not value.strip():
            raise EditionError(f"{_at(path)}: mỗi mục của “{key}” cần là chữ, đang ghi {value!r}.")
    return values


def _folders(path: Path, value: str | list[Any] | None) -> tuple[str, ...]:
    """Return the folders of submissions; one is usually written without a list."""
    if value is None:
        return ()
    folders = [value] if isinstance(value, str) else _texts(path, "submissions", value)
    if len(set(folders)) != len(folders):
        raise EditionError(f"{_at(path)}: khóa “submissions” ghi một thư mục hai lần.")
    return tuple(folders)


def _strata(path: Path, value: Mapping[Any, Any]) -> dict[str, tuple[str, ...]]:
    """Return the breakdowns that an edition asks for, by measure."""
    strata = {}
    for measure, dimensions in value.items():
        if not isinstance(dimensions, list) or not dimensions:
            raise EditionError(
                f"{_at(path)}: khóa “strata.{measure}” cần một danh sách, ví dụ [sex]."
            )
        for dimension in dimensions:
            _one_of(path, f"strata.{measure}", dimension, _DIMENSIONS)
        strata[str(measure)] = tuple(dimensions)
    return strata


def _years(path: Path, years: list[Any], year: int) -> tuple[int, ...]:
    wrong = [value for value in years if type(value) is not int or value not in YEARS]
    if wrong or not years:
        raise EditionError(
            f"{_at(path)}: khóa “years” cần các năm từ {YEARS[0]} đến {YEARS[-1]}, "
            f"đang ghi {wrong if wrong else 'danh sách trống'}."
        )
    if sorted(set(years)) != years:
        raise EditionError(f"{_at(path)}: khóa “years” phải tăng dần và không lặp lại: {years}.")
    if year != years[-1]:
        raise EditionError(
            f"{_at(path)}: khóa “year” ({year}) phải là năm cuối của “years” ({years[-1]})."
        )
    return tuple(years)
