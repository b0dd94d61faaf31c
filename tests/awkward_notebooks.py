"""Notebooks that are hard to run the same way twice, and the comparison of two executed copies.

Cells whose name begins with `raises` are tagged so that the notebook goes on after their error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import nbformat

AWKWARD: dict[str, dict[str, str]] = {
    "display": {
        "update": "from IPython.display import display, update_display, HTML, Markdown\n"
        "handle = display('first', display_id='here')\n"
        "display(Markdown('**middle**'))\nupdate_display('second', display_id='here')",
        "later": "handle.update(HTML('<b>third</b>'))\ndisplay({'text/plain': 'raw'}, raw=True,"
        " metadata={'own': {'a': [1, (2, 3)]}})",
        "clear": "from IPython.display import clear_output\nprint('gone')\nclear_output()\n"
        "print('stays')\nclear_output(wait=True)\nprint('replaced')",
        "rich": "class Rich:\n    def _repr_html_(self): return '<i>rich</i>'\n"
        "    def _repr_latex_(self): return '$x$'\n    def __repr__(self): return 'plain'\nRich()",
        "bundle": "class Bundle:\n    def _repr_mimebundle_(self, **_):\n"
        "        return {'text/plain': 'b', 'application/json': {'a': 1}}, {'k': {'w': 3}}\n"
        "Bundle()",
        "tuple": "1, [2], {3: None}",
        "quiet": "5;",
        "none": "None",
        "underscore": "_, __, _8 if '_8' in globals() else 'no', sorted(Out)",
        "in_out": "In[-1], len(In), _i",
        "expr": "import ast\nfor i in range(2):\n    i\nif True:\n    'shown?'",
        "raises_repr": "class Bad:\n    def __repr__(self): raise ValueError('no repr')\nBad()",
        "page": "len.__doc__\nget_ipython().run_line_magic('pinfo', 'len')",
    },
    "errors": {
        "raises_zero": "1 / 0",
        "after": "print('goes on')",
        "raises_chain": "def outer():\n    try:\n        inner()\n    except KeyError as error:\n"
        "        raise ValueError('outer') from error\n\ndef inner():\n    {}['x']\n\nouter()",
        "raises_context": "try:\n    int('x')\nexcept ValueError:\n    raise RuntimeError('while')",
        "raises_group": "raise ExceptionGroup('many', [ValueError(1), TypeError('2')])",
        "raises_syntax": "x = = 2",
        "raises_indent": "  x = 1\n y = 2",
        "raises_input": "input('name? ')",
        "raises_getpass": "import getpass\ngetpass.getpass()",
        "raises_interrupt": "raise KeyboardInterrupt",
        "raises_name": "undefined_name",
        "raises_own": "class Own(Exception):\n    pass\nraise Own('nó', 2)",
        "raises_note": "e = ValueError('đ')\ne.add_note('a note')\nraise e",
        "raises_assert": "assert 1 == 2, 'not equal'",
        "raises_exit": "import sys\nsys.exit(3)",
        "raises_async": "import asyncio\nasyncio.run(asyncio.sleep(0))",
        "traceback": "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n"
        "    traceback.print_exc()",
        "raises_magic": "%no_such_magic",
        "raises_cell_magic": "%%no_such_magic\nx",
        "counts": "get_ipython().execution_count",
    },
    "streams": {
        "mixed": "import sys\nprint('out 1')\nprint('err 1', file=sys.stderr)\nprint('out 2')",
        "raw": "import os\nprint('python')\nos.write(1, 'thô\\n'.encode())\n"
        "os.write(2, b'raw err\\n')\nimport time; time.sleep(0.3)",
        "child": "import subprocess\n_ = subprocess.run(['sh', '-c', 'echo child; echo bad >&2'])"
        "\nimport time; time.sleep(0.3)",
        "shell": "!echo from the shell\nx = !echo kept\nprint(x)",
        "sh": "%%sh\necho in sh",
        "system": "import os\nos.system('echo system')\nimport time; time.sleep(0.3)",
        "capture": "%%capture held\nprint('held')\n1 + 1",
        "held": "held.stdout, len(held.outputs)",
        "redirect": "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as text:"
        "\n    print('inside')\ntext.getvalue()",
        "warning": "import warnings\nwarnings.warn('take care')\nwarnings.warn('old', "
        "DeprecationWarning)\nwarnings.warn('take care')",
        "logging": "import logging\nlogging.warning('logged')\nlogging.getLogger('a').error('b')",
        "carriage": "print('10%\\r20%\\rdone')",
        "unicode": "print('Bắc Ninh – trẻ em ✓')",
        "stream": "type(sys.stdout).__name__ in ('OutStream', 'MemoryStream'), sys.stdout.isatty(),"
        " sys.stdout.encoding",
        "thread": "import threading\nt = threading.Thread(target=print, args=('in a thread',))\n"
        "t.start()\nt.join()",
        "forked": "import multiprocessing\np = multiprocessing.get_context('fork').Process("
        "target=print, args=('in a child',))\np.start()\np.join()\np.exitcode",
        "big": "print('x' * 200_000)",
        "stdin": "import sys\nsys.stdin is None or sys.stdin.isatty()",
    },
    "kernel": {
        "await": "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
        "task": "async def later():\n    await asyncio.sleep(0.01)\n    return 7\n"
        "task = asyncio.create_task(later())",
        "awaited": "await task",
        "gather": "await asyncio.gather(later(), later())",
        "loop": "asyncio.get_running_loop().is_running()",
        "history": "list(get_ipython().history_manager.get_range())[:3]",
        "history_magic": "%history -n 1-3",
        "class": "type(get_ipython()).__name__, 'IPKernelApp' in get_ipython().config",
        "hook": "get_ipython().events.register('post_run_cell', lambda result: print('hooked'))",
        "main": "__name__, '__file__' in globals(), __builtins__.__name__",
        "path": "import sys\nsys.path",
        "cwd": "import os\nos.path.basename(os.path.dirname(os.getcwd()))",
        "environ": "[os.environ.get(name) for name in "
        "('TERM', 'PAGER', 'FORCE_COLOR', 'MPLBACKEND')]",
        "who": "secret = 5\n%who_ls int",
        "time": "%%time\npass" if False else "pass",
        "timeit": "r = %timeit -o -q -n1 -r1 pass\ntype(r).__name__",
        "bash": "%%bash\necho bash",
        "writefile": "%%writefile helper_module.py\nanswer = 42",
        "import": "import helper_module\nhelper_module.answer",
        "pickle": "import pickle\nclass Local: pass\n"
        "type(pickle.loads(pickle.dumps(Local()))).__name__",
        "inspect": "import inspect\ndef f(x):\n    return x\nprint(inspect.getsource(f))",
        "dataclass": "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nP(1)",
        "doctest": "import linecache\nbool(linecache.getlines(f.__code__.co_filename))",
        "argv": "import sys\n[word.split('/')[-1][:3] for word in sys.argv]",
        "spawned": "import math\nfrom concurrent.futures import ProcessPoolExecutor\n"
        "from multiprocessing import get_context\n"
        "with ProcessPoolExecutor(1, get_context('spawn')) as pool:\n"
        "    print(list(pool.map(math.sqrt, [4, 9])))",
        "payload": "get_ipython().set_next_input('next')",
        "signals": "import signal\nsignal.getsignal(signal.SIGINT).__class__.__name__, "
        "signal.getsignal(signal.SIGALRM).__class__.__name__",
    },
    "pandas": {
        "frame": "import pandas as pd\n"
        "frame = pd.DataFrame({'a': range(3), 'b': list('xyz')})\nframe",
        "options": "[pd.get_option(n) for n in ('display.max_columns', 'display.width', "
        "'display.max_rows', 'display.notebook_repr_html')]",
        "wide": "pd.DataFrame({f'c{i}': range(100) for i in range(40)})",
        "series": "frame['a'].describe()",
        "styled": "frame.style.format(precision=1).set_uuid('u')",
        "group": "frame.groupby('b').sum()",
    },
    "figures": {
        "inline": "%matplotlib inline\nimport matplotlib.pyplot as plt",
        "state": "plt.isinteractive(), plt.get_backend(), plt.get_fignums()",
        "params": "import matplotlib as mpl\n{k: mpl.rcParams[k] for k in ('figure.dpi', "
        "'figure.figsize', 'savefig.dpi', 'figure.facecolor', 'backend', 'interactive')}",
        "line": "plt.plot([3, 1, 2])\nplt.title('Trẻ em')",
        "two": "fig, ax = plt.subplots()\nax.bar(['a', 'b'], [1, 2])\nplt.show()\n"
        "plt.figure()\nplt.pie([1, 2])\nprint('after')",
        "open": "len(plt.get_fignums())",
        "value": "fig",
        "retina": "%config InlineBackend.figure_format = 'svg'\nplt.rcParams['svg.hashsalt'] = 'x'",
        "close": "%config InlineBackend.close_figures = False\nplt.plot([1]); plt.get_fignums()",
        "image": "from IPython.display import Image\n"
        "Image(data=b'\\x89PNG\\r\\n\\x1a\\n', format='png')",
    },
    "automatic": {
        "pyplot": "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3]);",
        "pandas_plot": "import pandas as pd\npd.Series([1, 3, 2]).plot();",
    },
    "big": {"ten_megabytes": "for _ in range(100):\n    print('y' * 100_000)"},
    "stops": {
        "first": "print('before')",
        "fails": "print('begun')\nraise ValueError('stop here')",
        "never": "print('never')",
    },
    "leaves": {"first": "print('before')", "leaves": "import sys\nsys.exit(0)", "after": "1"},
}


def notebook(cells: Mapping[str, str]) -> Any:
    """Build a notebook with a cell of parameters and one code cell for each source."""
    made = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        }
    )
    made.cells.append(nbformat.v4.new_markdown_cell("# Title", id="title"))
    parameters = nbformat.v4.new_code_cell("which = 'none'", id="parameters")
    parameters.metadata["tags"] = ["parameters"]
    made.cells.append(parameters)
    for name, source in cells.items():
        cell = nbformat.v4.new_code_cell(source, id=name.replace("_", "-"))
        cell.metadata["tags"] = ["raises-exception"] if name.startswith("raises") else []
        made.cells.append(cell)
    return made


_VARYING = (
    (re.compile(r"0x[0-9a-f]{6,}"), "0x"),
    (re.compile(r"ipykernel_\d+"), "ipykernel"),
    (re.compile(r"/tmp/[\w./-]*"), "/tmp"),
    (re.compile(r"\(\d+ times\)"), "(times)"),
    (re.compile(r"<dc:date>[^<]*"), "<dc:date>"),
    (re.compile(r"line \d+ in \w+ \(ipykernel\)"), ""),
)


def comparable(executed: Any) -> dict[str, Any]:
    """Return all of an executed notebook but times, paths, versions and random ids.

    Text written to one stream in one cell counts as one output: an ordinary kernel cuts it by the
    clock, and papermill puts one stream before the other.
    """
    metadata = {key: value for key, value in executed.metadata.items() if key != "papermill"}
    metadata["papermill"] = sorted(executed.metadata.get("papermill", {}))
    return {"metadata": metadata, "cells": [_cell(cell) for cell in executed.cells]}


def _cell(cell: Any) -> dict[str, Any]:
    papermill = cell.metadata.get("papermill", {})
    kept = {
        "id": cell.id if not _is_random(cell) else "random",
        "type": cell.cell_type,
        "source": cell.source,
        "tags": cell.metadata.get("tags", []),
        "state": (papermill.get("status"), papermill.get("exception")),
        "timed": sorted(cell.metadata.get("execution", {})),
    }
    if cell.cell_type == "code":
        kept["count"] = cell.execution_count
        kept["outputs"] = _outputs(cell.outputs)
    return kept


def _is_random(cell: Any) -> bool:
    tags = cell.metadata.get("tags", [])
    return any(tag in ("injected-parameters", "papermill-error-cell-tag") for tag in tags)


def _outputs(outputs: list[Any]) -> list[Any]:
    streams = {"stdout": "", "stderr": ""}
    others = []
    for output in outputs:
        if output.output_type == "stream":
            streams[output.name] += output.text
        else:
            others.append({key: _steady(value) for key, value in output.items()})
    return [{name: _steady(text) for name, text in streams.items()}, *others]


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_steady(part) for part in value]
    if isinstance(value, str):
        for pattern, with_ in _VARYING:
            value = pattern.sub(with_, value)
    return value
