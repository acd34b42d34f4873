"""The fuzz targets without the fuzzer: over their seeds and a few changes of them, so that they cannot rot."""

import random
import time

import pytest

from fuzz import bounds
from fuzz.bounds import TooMuchMemoryError, TooSlowError, judge
from fuzz.targets import TARGETS, Target

CHANGES = 50
"""Changed inputs for each target; the fuzzer tries millions."""


def work(seconds: float) -> bool:
    """Keep the processor busy."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
    return True


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_no_seed_breaks_a_promise(target: Target) -> None:
    for seed in target.seeds():
        assert len(seed) <= target.max_len
        judge(target, seed)


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_the_seeds_reach_both_answers(target: Target) -> None:
    """A target whose every seed is refused would only ever attack the first check."""
    assert any(target.read(seed) for seed in target.seeds())
    assert not target.read(b"\xff")


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_no_small_change_breaks_a_promise(target: Target) -> None:
    chance = random.Random(target.name)
    seeds = [bytearray(seed) for seed in target.seeds() if seed]
    for _ in range(CHANGES):
        changed = chance.choice(seeds).copy()
        changed[chance.randrange(len(changed))] = chance.randrange(256)
        target.read(bytes(changed))


def test_a_slow_reading_is_a_finding() -> None:
    def toils(_data: bytes) -> bool:
        return work(2 * bounds.MAX_SECONDS)

    with pytest.raises(TooSlowError):
        judge(Target(toils, tuple), b"")


def test_one_slow_reading_on_a_busy_machine_is_none() -> None:
    """Neither a wait for others nor one slow reading among several counts."""
    toil = iter([2 * bounds.MAX_SECONDS])

    def waits_and_toils_once(_data: bytes) -> bool:
        time.sleep(2 * bounds.MAX_SECONDS)
        return work(next(toil, 0))

    assert judge(Target(waits_and_toils_once, tuple), b"") < bounds.MAX_SECONDS


def test_a_reading_that_takes_much_memory_is_a_finding() -> None:
    def hoards(_data: bytes) -> bool:
        return bool(bytes(2 * bounds.MAX_BYTES))

    with pytest.raises(TooMuchMemoryError):
        judge(Target(hoards, tuple), b"")


def test_an_undocumented_error_is_a_finding() -> None:
    def stumbles(data: bytes) -> bool:
        return bool(data[0])

    with pytest.raises(IndexError):
        judge(Target(stumbles, tuple), b"")
