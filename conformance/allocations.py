"""Writes drawn sequences of allocations and what the simulated allocator holds after each of them, as a golden.

    python allocations.py OUTPUT.jsonl.gz [--sequences 40]

A line per sequence: `expandable`, `events` (bytes of an allocation, or -1 - n for the release of allocation n) and,
after every event, `allocated` and `reserved`. Sizes lie on both sides of every threshold of the rules.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random

from allocator import LARGE_SEGMENT, MEDIUM_REQUEST, MIB, MIN_BLOCK, SMALL_REQUEST, SMALL_SEGMENT, CachingAllocator

SEED = 2026
LENGTH = 160
THRESHOLDS = (MIN_BLOCK, SMALL_REQUEST, SMALL_SEGMENT, MEDIUM_REQUEST, LARGE_SEGMENT)


def draw_size(rng: random.Random) -> int:
    kind = rng.random()
    if kind < 0.35:
        return max(1, rng.choice(THRESHOLDS) + rng.choice((-1, 0, 1, MIN_BLOCK, -MIN_BLOCK)))
    if kind < 0.6:
        return rng.randint(1, 3 * MIN_BLOCK)
    if kind < 0.8:
        return rng.randint(1, SMALL_REQUEST)
    return rng.randint(SMALL_REQUEST, 40 * MIB)


def draw_sequence(rng: random.Random, expandable: bool) -> dict:
    allocator = CachingAllocator(expandable_segments=expandable)
    events: list[int] = []
    allocated: list[int] = []
    reserved: list[int] = []
    live: list[int] = []
    count = 0
    eagerness = rng.uniform(0.3, 0.6)
    for _ in range(LENGTH):
        if live and rng.random() < eagerness:
            key = live.pop(rng.randrange(len(live)))
            allocator.free(key)
            events.append(-1 - key)
        else:
            size = draw_size(rng)
            allocator.malloc(count, size)
            live.append(count)
            events.append(size)
            count += 1
        allocated.append(allocator.allocated)
        reserved.append(allocator.reserved)
    return {"expandable": expandable, "events": events, "allocated": allocated, "reserved": reserved}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output")
    parser.add_argument("--sequences", type=int, default=40)
    arguments = parser.parse_args()
    rng = random.Random(SEED)
    rows = [draw_sequence(rng, index % 2 == 1) for index in range(arguments.sequences)]
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    with open(arguments.output, "wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        file.write(text.encode())


if __name__ == "__main__":
    main()
