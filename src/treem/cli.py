"""One command a stage of the road. Reads like a table of contents; the work is elsewhere.

Nothing heavy is imported before a command needs it, so that `treem --help` answers at once.
Exit codes: 0 done; 1 the data or the plan did not pass; 2 wrong use; 3 the machine or we failed.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem import __version__
from treem.arguments import (
    Parser,
    add_audience,
    add_command,
    add_edition,
    add_publisher,
    add_record,
    add_running,
)
from treem.errors import TreemError, UsageError
from treem.project import Project, find_project

if TYPE_CHECKING:
    from treem.pipeline import How

DONE, FAILED_DATA, WRONG_USE, FAILED_MACHINE = 0, 1, 2, 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every error becomes a message on stderr."""
    _speak_utf8()
    try:
        arguments = _parser().parse_args(argv)
        command: Callable[[argparse.Namespace], int] = arguments.command
        return command(arguments)
    except TreemError as error:
        return _say_error(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _say_error("Đã dừng theo yêu cầu; gói báo cáo trước đó còn nguyên.", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        return _say_error(_storage_message(error), FAILED_MACHINE)
    except Exception as error:  # an error of our own: said plainly, never as a bare traceback
        if os.environ.get("TREEM_DEBUG"):
            raise
        return _say_error(
            f"Lỗi của chương trình ({type(error).__name__}: {error}). Không tệp nào trong gói báo "
            "cáo trước đó bị thay đổi. Hãy chạy lại với biến môi trường TREEM_DEBUG=1 rồi gửi "
            "thông báo đầy đủ cho người bảo trì.",
            FAILED_MACHINE,
        )


# --- commands, in the order of the road -------------------------------------------------------


def _plan_lint(arguments: argparse.Namespace) -> int:
    from treem.plan.lint import lint_file, to_json, to_text

    project = _project(arguments)
    rows = lint_file(Path(arguments.file) if arguments.file else project.plan_text, project)
    return _answer(arguments, to_json(rows), to_text(rows))


def _plan_table(arguments: argparse.Namespace) -> int:
    from treem.plan.source import read_plan_file
    from treem.plan.table import table_json, table_text

    plan = read_plan_file(_project(arguments).plan_text)
    return _answer(arguments, table_json(plan), table_text(plan))


def _assess(arguments: argparse.Namespace) -> int:
    from treem.indicators.assess import assess, assess_text
    from treem.plan.register import load_register

    answer = assess(
        load_register(_project(arguments)),
        arguments.measure,
        arguments.year,
        arguments.value,
        reading=arguments.reading,
        value_2025=arguments.value_2025,
    )
    return _answer(arguments, answer, assess_text(answer))


def _demo(arguments: argparse.Namespace) -> int:
    from treem.collection import write_demos

    written = write_demos(_project(arguments))
    answer = {name: [str(path) for path in paths] for name, paths in written.items()}
    lines = [
        f"Đã ghi {len(paths)} tệp số liệu trình diễn (do máy sinh ra) của kỳ {name}."
        for name, paths in written.items()
    ]
    return _answer(arguments, answer, "\n".join(lines))


def _forms(arguments: argparse.Namespace) -> int:
    from treem.collection import forms_edition

    outcome = forms_edition(_project(arguments), arguments.edition)
    return _answer(arguments, outcome.as_json(), outcome.as_text())


def _intake(arguments: argparse.Namespace) -> int:
    from treem.collection import intake_edition, record_new_files

    project = _project(arguments)
    recorded = []
    if arguments.record:
        recorded = record_new_files(
            project, arguments.edition, arguments.received, arguments.document, arguments.sender
        )
    outcome = intake_edition(project, arguments.edition, recorded)
    return _answer(arguments, outcome.as_json(), outcome.as_text())


def _feedback(arguments: argparse.Namespace) -> int:
    from treem.collection import feedback_edition

    outcome = feedback_edition(_project(arguments), arguments.edition)
    return _answer(arguments, outcome.as_json(), outcome.as_text())


def _check(arguments: argparse.Namespace) -> int:
    from treem.collection import check_edition

    outcome = check_edition(_project(arguments), arguments.edition)
    _answer(arguments, outcome.as_json(), outcome.as_text())
    return FAILED_DATA if outcome.stops else DONE


def _run(arguments: argparse.Namespace) -> int:
    from treem.pipeline import run_edition

    outcome = run_edition(_project(arguments), arguments.edition, _how(arguments), _say)
    return _answer(arguments, outcome.as_json(), outcome.as_text())


def _protect(arguments: argparse.Namespace) -> int:
    from treem.pipeline import protect_edition

    outcome = protect_edition(_project(arguments), arguments.edition, _say, record=arguments.record)
    return _answer(arguments, outcome.as_json(), outcome.as_text())


def _publish(arguments: argparse.Namespace) -> int:
    from treem.pipeline import publish_edition

    outcome = publish_edition(_project(arguments), arguments.edition, _how(arguments), _say)
    return _answer(arguments, outcome.as_json(), outcome.as_text())


def _report(arguments: argparse.Namespace) -> int:
    from treem.pipeline import report_edition

    outcome = report_edition(_project(arguments), arguments.edition, _how(arguments), _say)
    return _answer(arguments, outcome.as_json(), outcome.as_text())


def _trace(arguments: argparse.Namespace) -> int:
    from treem.audit.manifest import package_is_of_tables
    from treem.audit.trace import trace

    project = _project(arguments)
    found = trace(project, arguments.edition, arguments.figure, arguments.audience)
    paths = project.report(arguments.edition, arguments.audience)
    if not package_is_of_tables(paths.package, paths.read):
        _say(
            f"Lưu ý: bảng của kỳ {arguments.edition} đã được tính lại sau khi làm gói xuất bản; "
            f"con số trong bản in có thể khác. Hãy chạy treem report {arguments.edition}."
        )
    return _answer(arguments, found.as_json(), found.as_text())


def _status(arguments: argparse.Namespace) -> int:
    from treem.status import status_of

    status = status_of(
        _project(arguments), arguments.edition, arguments.audience, arguments.publisher
    )
    return _answer(arguments, status.as_json(), status.as_text(board=sys.stdout.isatty()))


def _commitments(arguments: argparse.Namespace) -> int:
    from treem.audit.withheld import check_commitments
    from treem.disclosure.commitments import create_key
    from treem.edition import load_edition

    project = _project(arguments)
    edition = load_edition(project, arguments.edition)
    if arguments.new_key:
        path = create_key(project).relative_to(project.root).as_posix()
        return _answer(
            arguments,
            {"written": [path]},
            f"Đã tạo khóa bí mật {path}. Hãy sao một bản cất riêng: mất khóa thì không còn kiểm "
            "được dấu cam kết, lộ khóa thì người ngoài dò ra được số đã che.",
        )
    checked = check_commitments(project, edition)
    _answer(arguments, checked.as_json(), checked.as_text())
    return FAILED_DATA if checked.broken else DONE


def _doctor(arguments: argparse.Namespace) -> int:
    from treem.doctor import diagnose

    found = diagnose(_project(arguments))
    _answer(arguments, found.as_json(), found.as_text())
    return DONE if found.able else FAILED_MACHINE


# --- the parser -------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="treem",
        description="Rà soát Chương trình hành động vì trẻ em tỉnh Bắc Ninh giai đoạn 2021 - 2030 "
        "(Kế hoạch số 359/KH-UBND).",
    )
    parser.add_argument(
        "--version", action="version", version=f"treem {__version__}", help="in phiên bản rồi thoát"
    )
    commands = parser.add_subparsers(metavar="LỆNH", required=True, title="các lệnh")

    report = add_command(
        commands, "report", _report, "làm trọn một kỳ báo cáo: số liệu, sổ tính, văn bản"
    )
    add_edition(report)
    add_audience(report)
    add_publisher(report)
    add_running(report)
    report.add_argument("--force", action="store_true", help="làm lại dù không có gì thay đổi")

    plan = commands.add_parser("plan", help="kế hoạch: soát chỗ vênh, in lại bảng tổng hợp")
    stages = plan.add_subparsers(metavar="LỆNH", required=True, title="các lệnh")
    lint = add_command(stages, "lint", _plan_lint, "đọc văn bản kế hoạch và liệt kê chỗ mâu thuẫn")
    lint.add_argument("file", nargs="?", metavar="TỆP", help="văn bản khác cùng dạng")
    add_command(stages, "table", _plan_table, "in lại bảng tổng hợp, đúng từng ô như bản ban hành")

    assess = add_command(
        commands, "assess", _assess, "thử: giá trị này năm này thì đánh giá thế nào"
    )
    assess.add_argument("measure", metavar="CHỈ_TIÊU", help="ví dụ CT03.2")
    assess.add_argument("year", metavar="NĂM", type=int, help="2021 đến 2030")
    assess.add_argument("value", metavar="GIÁ_TRỊ", help="ví dụ 12,1 hoặc 12.1")
    assess.add_argument(
        "--reading",
        choices=("text", "table", "ledger"),
        default="ledger",
        help="cách đọc mức: lời mục I.2 (text), bảng (table), sổ quyết định (ledger, mặc định)",
    )
    assess.add_argument("--value-2025", metavar="X", help="kết quả năm 2025, khi xét sau 2025")

    add_command(commands, "demo", _demo, "sinh lại hồ sơ số liệu của các kỳ trình diễn")
    add_edition(
        add_command(commands, "forms", _forms, "ghi biểu trống cho mọi đơn vị phải báo cáo")
    )
    intake = add_command(commands, "intake", _intake, "đọc hồ sơ số liệu đã nhận, từng ô một")
    add_edition(intake)
    add_record(intake)
    add_edition(add_command(commands, "check", _check, "đọc hồ sơ số liệu và liệt kê lỗi"))
    add_edition(
        add_command(commands, "feedback", _feedback, "ghi biểu phản hồi gửi lại từng đơn vị")
    )
    run = add_command(commands, "run", _run, "tính kết quả và chạy sổ tính, chưa làm văn bản")
    add_edition(run)
    add_audience(run)
    add_running(run)
    protect = add_command(
        commands, "protect", _protect, "bảo mật số nhỏ và tự tấn công để kiểm tra"
    )
    add_edition(protect)
    protect.add_argument(
        "--record",
        action="store_true",
        help="ghi những gì bản này công bố vào sổ công bố mà các kỳ sau phải theo",
    )
    publish = add_command(commands, "publish", _publish, "làm HTML, PDF, DOCX và gói xuất bản")
    add_edition(publish)
    add_audience(publish)
    add_publisher(publish)
    trace = add_command(commands, "trace", _trace, "truy một con số đã in về ô gốc")
    add_edition(trace)
    trace.add_argument("figure", metavar="CON_SỐ", help="mã con số, ví dụ CT03.2-27-v")
    add_audience(trace)
    status = add_command(commands, "status", _status, "xem bước nào phải làm lại và vì sao")
    add_edition(status)
    add_audience(status)
    add_publisher(status)
    kept = add_command(
        commands, "commitments", _commitments, "kiểm dấu cam kết của gói xuất bản với bảng gốc"
    )
    add_edition(kept)
    kept.add_argument(
        "--new-key", action="store_true", help="tạo khóa bí mật cho số liệu thật, một lần duy nhất"
    )
    add_command(commands, "doctor", _doctor, "xem máy này có gì, thiếu gì để làm báo cáo")
    return parser


# --- helpers ----------------------------------------------------------------------------------


def _project(arguments: argparse.Namespace) -> Project:
    if arguments.project is None:
        return find_project()
    folder = Path(arguments.project)
    if not folder.is_dir():
        raise UsageError(f"Không có thư mục {folder}; hãy kiểm tra lại --project.")
    return find_project(folder)


def _how(arguments: argparse.Namespace) -> How:
    """Return how a build is done, of the options that the command has."""
    from treem.pipeline import How

    known = {field.name for field in fields(How)}
    return How(**{key: value for key, value in vars(arguments).items() if key in known})


def _answer(arguments: argparse.Namespace, answer: Any, words: str) -> int:
    if arguments.json:
        words = json.dumps(answer, ensure_ascii=False, indent=2)
    print(words)
    return DONE


def _say(words: str) -> None:
    """Progress goes to stderr, so that an answer on stdout stays readable by a program."""
    print(words, file=sys.stderr, flush=True)


def _say_error(words: str, code: int) -> int:
    print(words, file=sys.stderr)
    return code


def _storage_message(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return (
                f"Đĩa đầy{where}: không ghi được. Gói báo cáo trước đó còn nguyên. "
                "Hãy giải phóng chỗ trống rồi chạy lại."
            )
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return (
                f"Không có quyền ghi hoặc đọc{where}. Gói báo cáo trước đó còn nguyên. "
                "Hãy kiểm tra quyền của thư mục rồi chạy lại."
            )
        case _:
            return f"Máy báo lỗi{where}: {error.strerror or error}. Hãy kiểm tra rồi chạy lại."


def _speak_utf8() -> None:
    """Print Vietnamese also where the console's own encoding could not."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
