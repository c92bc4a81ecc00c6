"""Claim: AND effects of 64 games of 12 players take at most a thousandth of the time that shapiq takes.

Peer: shapiq 1.4.1, `ExactComputer(game, 12)("Moebius")`, its exact transform, on games whose values are already at
hand. It runs on one game, and its time counts 64-fold (`--all`: on all 64). Both run in this process, on one thread.

Last result (2026-11-21, AMD EPYC, 1 thread, beside a load of 12 on two cores): ours 1.90 ms, shapiq 33.7 s, ratio
17742; on the less busy machine before 1.95 ms, 14.9 s, ratio 7657. Largest difference of the effects 9e-14.

    python benchmarks/moebius.py [--quick] [--all]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapiq

from whypretrain.interactions import from_shapiq, moebius


def seconds(work: Callable[[], Any], repeats: int) -> float:
    """The shortest of several runs."""
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def by_shapiq(v: np.ndarray) -> Any:
    n = v.size.bit_length() - 1
    return shapiq.ExactComputer(lambda shown: v[shown @ (1 << np.arange(n))], n_players=n)("Moebius")


def main() -> None:
    """Time both and print the ratio; exit status 1 if the claim fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="8 games of 8 players; the claim is not judged")
    parser.add_argument("--all", action="store_true", help="run shapiq on every game")
    arguments = parser.parse_args()
    games, n = (8, 8) if arguments.quick else (64, 12)
    v = np.random.default_rng(0).normal(size=(games, 1 << n))
    ours = seconds(lambda: moebius(v), 20)
    peer = v if arguments.all else v[:1]
    theirs = seconds(lambda: [by_shapiq(game) for game in peer], 1) * games / len(peer)
    error = np.abs(from_shapiq(by_shapiq(v[0])) - moebius(v[0])).max()
    print(
        f"{games} games of {n} players: ours {ours * 1e3:.2f} ms, shapiq {theirs:.1f} s, ratio {theirs / ours:.0f}"
    )
    print(f"largest difference {error:.1e}")
    raise SystemExit(not arguments.quick and theirs / ours < 1000)


if __name__ == "__main__":
    main()
