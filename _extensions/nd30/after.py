"""Quarto's `post-render` step: finishes the Word file and the web pages (`treem.publish.quarto`).

Quarto runs it with the Python of QUARTO_PYTHON, else with the one in PATH; that Python needs
treem. `treem publish` sets it. By hand: activate `.venv` first, or
`QUARTO_PYTHON=.venv/bin/python quarto render --profile EDITION`.
"""

import sys

try:
    from treem.publish.quarto import after_render
except ImportError:
    sys.exit(
        "Bước cuối của văn bản cần Python có cài treem. Hãy đặt QUARTO_PYTHON trỏ tới Python đó, "
        "ví dụ: QUARTO_PYTHON=.venv/bin/python quarto render --profile <kỳ>"
    )

sys.exit(after_render())
