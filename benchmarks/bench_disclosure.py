"""What disclosure control costs and what it withstands: 99 areas × 33 measures × 6 years, timed.

Then random tables (`--tables 200`) are protected and attacked by the linear programme of the
tests, which knows public tables and the rule only. Prints where the time goes, block by block.
`make bench` runs it; by hand:

    python benchmarks/bench_disclosure.py --areas 99 --years 6 --tables 200 --json results.json
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from attacker import attack, exact  # noqa: E402
from disclosure_tables import (  # noqa: E402
    area_codes,
    links,
    made_of,
    province_counts,
    random_counts,
    table,
)
from treem.disclosure.ledger import Ledger  # noqa: E402
from treem.disclosure.network import blocks  # noqa: E402
from treem.disclosure.policy import load_policy  # noqa: E402
from treem.disclosure.protect import protect  # noqa: E402
from treem.disclosure.suppress import protect_block  # noqa: E402
from treem.disclosure.tables import count_table  # noqa: E402
from treem.plan.register import load_register  # noqa: E402
from treem.project import Project  # noqa: E402

GOAL_SECONDS = 60


def test_a_whole_province_is_protected() -> None:
    found = time_province(99, 6)
    assert found["blocks"] > 10 and found["total"] < GOAL_SECONDS


def test_an_attacker_finds_nothing_in_two_hundred_tables() -> None:
    assert attack_tables(200)["found"] == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--areas", type=int, default=99)
    parser.add_argument("--years", type=int, default=6)
    parser.add_argument("--tables", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = {
        "province": time_province(options.areas, options.years),
        "attacked": attack_tables(options.tables),
    }
    if options.json:
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 0 if not result["attacked"]["found"] else 1


def time_province(areas: int, years: int) -> dict[str, Any]:
    """Protect one province block by block and say which blocks take the time."""
    measures = load_register(Project(ROOT)).measures
    policy = load_policy(Project(ROOT), measures)
    span = range(2021, 2021 + years)
    results = table(province_counts(1, areas, span), measures, pools=True)
    start = time.process_time()
    found = count_table(results, measures, links(area_codes(areas), span), policy, Ledger())
    apart = blocks(found.network, policy.headline_factor)
    seconds = {"network": time.process_time() - start}
    print(f"{len(results)} dòng, {len(found.network.cells)} ô, {len(apart)} khối", flush=True)
    for block in apart:
        begun = time.process_time()
        chosen, report = protect_block(block, policy.width)
        family = report.first.quantity.partition(".")[0]
        seconds[family] = seconds.get(family, 0.0) + time.process_time() - begun
        if time.process_time() - begun > 1:
            took = time.process_time() - begun
            print(f"  {family}: {report.cells} ô, {report.rounds} lượt, {took:.1f} s", flush=True)
    total = sum(seconds.values())
    for family, took in sorted(seconds.items(), key=lambda one: -one[1]):
        print(f"  {family:8} {took:7.1f} s", flush=True)
    print(f"Cả tỉnh: {total:.1f} s CPU (mục tiêu {GOAL_SECONDS} s)", flush=True)
    return {"seconds": seconds, "total": total, "rows": len(results), "blocks": len(apart)}


def attack_tables(number: int) -> dict[str, Any]:
    """Protect and attack seeded tables of 8 areas × 2 sexes × 3 ages."""
    measures = load_register(Project(ROOT)).measures
    policy = load_policy(Project(ROOT), measures)
    sums = links(area_codes(8), [2024])
    hidden = found = narrow = 0
    for seed in range(number):
        result = protect(table(random_counts(seed), measures), measures, sums, policy)
        intervals = attack([result.results_public.to_csv(index=False)], made_of(sums))
        hidden += len(intervals)
        found += len(exact(intervals))
        narrow += sum(1 for low, high in intervals.values() if high - low < 4 - 1e-6)
    print(f"{number} bảng: {hidden} ô che, tìm ra {found}, quá hẹp {narrow}", flush=True)
    return {"tables": number, "hidden": hidden, "found": found + narrow}


if __name__ == "__main__":
    sys.exit(main())
