"""Three hundred mutations of a clean form: what becomes of each, by kind.

Prints a table kind × outcome. `right`: every value is read right. `named`: what differs is named
in a finding with its cell. `refused`: the file is not used, with a message. `plausible`: a wrong
figure that breaks no rule and that the sender may as well have meant, so that nobody could know.
`silent` and `crash` must not occur.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from mutation_judge import OUTCOMES, Province  # noqa: E402
from mutator import KINDS  # noqa: E402

AT_LEAST = 300
MUST_BE_CAUGHT = ("factor 10", "factor 100", "factor 1,000")


def test_no_mutation_passes_in_silence(tmp_path: Path) -> None:
    each = -(-AT_LEAST // len(KINDS))
    province = Province(tmp_path)
    wanted = [(kind, seed) for seed in range(each) for kind in KINDS]
    verdicts = list(province.judge(wanted, tmp_path))
    counts = Counter((one.kind, one.outcome) for one in verdicts)
    print(f"\n{'mutation':26}" + "".join(f"{name:>10}" for name in OUTCOMES))
    for kind in KINDS:
        print(f"{kind:26}" + "".join(f"{counts[kind, name] or '·':>10}" for name in OUTCOMES))
    totals = Counter(one.outcome for one in verdicts)
    print(f"{len(verdicts):<26}" + "".join(f"{totals[name]:>10}" for name in OUTCOMES))
    wrong = [one for one in verdicts if one.outcome in ("silent", "crash")]
    for verdict in wrong:
        print(verdict.outcome, verdict.kind, verdict.seed, *verdict.faults[:3], sep="\n    ")
    assert wrong == []
    for kind in MUST_BE_CAUGHT:
        assert counts[kind, "named"] + counts[kind, "refused"] == each, kind


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-s", "-q"]))
