"""The engine that papermill knows as `treem`: `papermill --engine treem …`.

In a child of the template process it runs the cells right there. Anywhere else it has the template
fork a child, and fills the notebook from what the child tells while it runs. Where that cannot be
done (no Linux, another kernel, widgets, a hook that would have to be called in this process) an
ordinary kernel runs the notebook, as papermill's own engine does, and is shut down at once.

Options, besides those of papermill's own engine: `notebook_timeout` in seconds for the whole
notebook; `ordinary=True` for an ordinary kernel; `kept`, a list that gets the notebook at the
start, for whoever needs it after an exception; `told`, an ended call whose story is told again.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from papermill.engines import Engine, NBClientEngine, NotebookExecutionManager
from papermill.engines import papermill_engines as known_engines

if TYPE_CHECKING:
    from treem.notebooks.forkserver import Call
    from treem.notebooks.limits import Limits
    from treem.notebooks.template_process import Here

NAME = "treem"
_WIDGETS = re.compile(
    r"\b(ipywidgets|ipympl|ipyleaflet|bqplot|anywidget|tqdm\.notebook|matplotlib (widget|ipympl))\b"
)
_OURS = frozenset(
    "input_path start_timeout startup_timeout stdout_file stderr_file log_output timeout "
    "shutdown_kernel extra_arguments".split()
)
"""Options that mean the same or nothing here."""
_PLAIN = frozenset(
    "allow_errors allow_error_names force_raise_errors record_timing skip_cells_with_tag "
    "store_widget_state".split()
)
"""Options of nbclient that are handed on to a child as they are."""
_FOLLOW_SECONDS = 0.05


class TreemEngine(Engine):  # type: ignore[misc]
    """Runs notebooks in forked children; see the module."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        execution_timeout: float | None = None,
        notebook_timeout: float | None = None,
        ordinary: bool = False,
        kept: list[Any] | None = None,
        told: Call | None = None,
        **options: Any,
    ) -> Any:
        """Run the notebook of `nb_man`; papermill calls this."""
        if kept is not None:
            kept.append(nb_man)
        cell_timeout = execution_timeout or options.get("timeout")
        seconds = (cell_timeout, notebook_timeout)
        if told is not None:
            return _replay(nb_man, iter(list(told.frames())), told, options)
        if ordinary or not _suits(nb_man.nb, kernel_name, options):
            return _run_ordinary(nb_man, kernel_name, seconds, options)
        here = _child()
        if here is not None:
            done = _run_here(nb_man, here, seconds, options)
        else:
            done = _run_in_child(nb_man, seconds, options)
        return nb_man.nb if done else _run_ordinary(nb_man, kernel_name, seconds, options)


def register() -> None:
    """Make the engine known to papermill in this process, where its entry point did not."""
    known_engines.register(NAME, TreemEngine)


def _suits(nb: Any, kernel_name: str, options: dict[str, Any]) -> bool:
    from treem.notebooks.forkserver import fork_is_safe

    if not fork_is_safe() or set(options) - _OURS - _PLAIN:
        return False
    if not (_child() or _is_this_python(kernel_name)):
        return False
    return not any(_WIDGETS.search(cell.source) for cell in nb.cells if cell.cell_type == "code")


def _is_this_python(kernel_name: str) -> bool:
    """Whether a kernel of that name is IPython of this very interpreter."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        argv = KernelSpecManager().get_kernel_spec(kernel_name).argv
    except NoSuchKernel:
        return False
    return "ipykernel_launcher" in argv and Path(argv[0]) in (
        Path(sys.executable),
        Path("python"),
        Path("python3"),
    )


def _child() -> Here | None:
    """Return what this process has as a child of the template; None in any other process."""
    process = sys.modules.get("treem.notebooks.template_process")
    here: Here | None = getattr(process, "here", None)
    return here


def _limits(seconds: tuple[float | None, float | None]) -> Limits:
    from treem.notebooks.limits import Limits

    return Limits(*seconds)


def _run_here(
    nb_man: Any, here: Here, seconds: tuple[float | None, float | None], options: dict[str, Any]
) -> bool:
    """Run the cells in this process; return False where a cell wants an ordinary kernel."""
    from treem.notebooks.client import CellRunner, WidgetsFound
    from treem.notebooks.limits import Alarm

    alarm = Alarm(_limits(seconds))
    try:
        CellRunner(nb_man, here.kernel, here.journal, alarm, **_client(options)).execute()
    except WidgetsFound:
        nb_man.notebook_start()
        return False
    return True


def _run_in_child(
    nb_man: Any, seconds: tuple[float | None, float | None], options: dict[str, Any]
) -> bool:
    """Have a child run the cells, and fill the notebook while it does."""
    from nbclient.exceptions import DeadKernelError

    from treem.notebooks.forkserver import fork_server

    plain = {name: value for name, value in options.items() if name in _PLAIN}
    server = fork_server()
    call = server.submit(
        "treem.notebooks.engine:run_cells",
        nb_man.nb,
        seconds,
        plain,
        environment=os.environ,
        folder=Path.cwd(),
        limits=_limits(seconds),
    )
    try:
        _replay(nb_man, _follow(server, call), call, options)
        # after its last cell a child has still to end what its notebook left
        server.ended([call])
        return bool(call.result())
    except DeadKernelError:
        if not call.has_result:
            raise
        nb_man.notebook_start()
        return bool(call.result())
    finally:
        server.end(call)
        call.journal.close()


def run_cells(nb: Any, seconds: tuple[float | None, float | None], options: dict[str, Any]) -> bool:
    """Run the cells of a notebook in a child of the template; what they told is its answer."""
    here = _child()
    assert here is not None
    return _run_here(NotebookExecutionManager(nb, progress_bar=False), here, seconds, options)


def _follow(server: Any, call: Call) -> Iterator[tuple[Any, ...]]:
    while not call.done:
        yield from call.new_frames()
        server.ended([call], _FOLLOW_SECONDS)
    yield from call.new_frames()


def _replay(
    nb_man: Any, frames: Iterator[tuple[Any, ...]], told: Any, options: dict[str, Any]
) -> Any:
    from treem.notebooks.client import Replayer

    return Replayer(nb_man, frames, told, **_client(options)).execute()


def _client(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that papermill's client takes, as papermill's own engine sets them."""
    from papermill.log import logger

    names = (*_PLAIN, "log_output", "stdout_file", "stderr_file")
    return {"log": logger, **{name: options[name] for name in names if name in options}}


def _run_ordinary(
    nb_man: Any,
    kernel_name: str,
    seconds: tuple[float | None, float | None],
    options: dict[str, Any],
) -> Any:
    cell_seconds, notebook_seconds = seconds
    options = {"shutdown_kernel": "immediate", **options}
    if notebook_seconds is not None:
        end = time.monotonic() + notebook_seconds

        def left(cell: object) -> float:
            whole = max(end - time.monotonic(), 0.1)
            return whole if cell_seconds is None else min(cell_seconds, whole)

        options["timeout_func"] = left
    return NBClientEngine.execute_managed_notebook(
        nb_man, kernel_name, execution_timeout=cell_seconds, **options
    )
