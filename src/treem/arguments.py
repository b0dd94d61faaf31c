"""How commands are asked for: a parser whose own words are Vietnamese, and the common options."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Any, NoReturn

from treem.errors import UsageError

PUBLISHERS = ("auto", "quarto", "embedded")
AUDIENCES = ("public", "internal")
ENGINES = ("auto", "kernel")


class Parser(argparse.ArgumentParser):
    """An argument parser whose own words are Vietnamese."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("add_help", False)
        super().__init__(*args, **kwargs)
        self._positionals.title = "tham số"
        self._optionals.title = "tùy chọn"
        self.add_argument("-h", "--help", action="help", help="in hướng dẫn này rồi thoát")

    def format_usage(self) -> str:
        """Return the usage line in Vietnamese."""
        return super().format_usage().replace("usage: ", "cách dùng: ", 1)

    def format_help(self) -> str:
        """Return the help in Vietnamese."""
        return super().format_help().replace("usage: ", "cách dùng: ", 1)

    def error(self, message: str) -> NoReturn:
        """Raise UsageError in Vietnamese for what argparse says in English."""
        for english, vietnamese in _ARGPARSE_WORDS:
            message = message.replace(english, vietnamese)
        raise UsageError(
            f"{message}.\nGõ `{self.prog} --help` để xem hướng dẫn.\n{self.format_usage().strip()}"
        )


# argparse's own messages, phrase by phrase; a test runs every kind of wrong use through it.
_ARGPARSE_WORDS = (
    ("the following arguments are required: ", "thiếu tham số: "),
    ("unrecognized arguments: ", "không hiểu: "),
    ("expected one argument", "cần một giá trị đi kèm"),
    ("ambiguous option: ", "tùy chọn viết tắt chưa rõ: "),
    (" could match ", " có thể là "),
    ("ignored explicit argument ", "không nhận giá trị "),
    ("argument ", "tham số "),
    ("invalid choice: ", "không có lựa chọn "),
    ("choose from ", "chọn một trong "),
    ("invalid int value: ", "cần số nguyên, đang ghi "),
    ("invalid positive value: ", "cần số nguyên từ 1 trở lên, đang ghi "),
    ("invalid address value: ", "cần địa chỉ như tcp://10.0.0.5:8786, đang ghi "),
)


def add_command(
    commands: Any, name: str, command: Callable[[argparse.Namespace], int], words: str
) -> argparse.ArgumentParser:
    """Add a command with the options that all have; `words` say what it does."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=words, description=words[0].upper() + words[1:] + "."
    )
    parser.set_defaults(command=command)
    parser.add_argument(
        "--project", metavar="THƯ_MỤC", help="thư mục dự án (mặc định: nơi gọi lệnh)"
    )
    parser.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    return parser


def add_edition(parser: argparse.ArgumentParser) -> None:
    """Add the name of the edition."""
    parser.add_argument("edition", metavar="KỲ", help="tên tệp trong params/, ví dụ demo-2024")


def add_record(parser: argparse.ArgumentParser) -> None:
    """Add what enters new files in the record."""
    parser.add_argument(
        "--record",
        action="store_true",
        help="ghi các tệp mới trong thư mục hồ sơ vào sổ SOURCES.csv trước khi đọc",
    )
    parser.add_argument("--received", metavar="NGÀY", help="ngày nhận, ví dụ 2026-01-15")
    parser.add_argument("--document", metavar="SỐ", default="", help="số văn bản gửi kèm")
    parser.add_argument("--sender", metavar="NƠI_GỬI", default="", help="nơi gửi, nếu khác đơn vị")


def add_publisher(parser: argparse.ArgumentParser) -> None:
    """Add who makes the document."""
    parser.add_argument(
        "--publisher",
        choices=PUBLISHERS,
        default="auto",
        help="bộ xuất bản: quarto, embedded (đi kèm), auto (mặc định: Quarto nếu máy có)",
    )


def add_audience(parser: argparse.ArgumentParser) -> None:
    """Add for whom a build is."""
    parser.add_argument(
        "--audience",
        choices=AUDIENCES,
        default="public",
        help="bản công khai, sau bảo mật số nhỏ (public, mặc định), hay bản nội bộ (internal)",
    )


def add_running(parser: argparse.ArgumentParser) -> None:
    """Add how notebooks are run."""
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="auto",
        help="cách chạy sổ tính: auto (mặc định: nhanh nếu máy cho phép) hoặc kernel (nhân thường)",
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=_positive,
        help="số sổ tính chạy cùng lúc (mặc định: số nhân của máy, hoặc số luồng của cụm Dask)",
    )
    parser.add_argument(
        "--dask",
        metavar="ĐỊA_CHỈ",
        type=_address,
        help="chạy sổ tính trên cụm Dask có scheduler ở địa chỉ này, ví dụ tcp://10.0.0.5:8786",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _address(text: str) -> str:
    """Return the address of a scheduler; that somebody answers there is seen when it is used."""
    if not re.fullmatch(r"((tcp|tls|ws|wss)://)?[^\s/:]+:\d{1,5}", text) and not re.fullmatch(
        r"((tcp|tls|ws|wss)://)?\[[0-9A-Fa-f:.]+\]:\d{1,5}", text
    ):
        raise ValueError
    return text


# argparse prints the name of the type in its message
_positive.__name__ = "positive"
_address.__name__ = "address"
