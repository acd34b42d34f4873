"""Rate limits: a burst, then the rate, and every caller for itself."""

from codeservice.rate import Rate, RateLimiter

RATE = Rate(per_second=10, burst=3)


def test_a_burst_passes_and_the_next_call_waits() -> None:
    limiter = RateLimiter()
    assert [limiter.wait("a", RATE, 0.0) for _ in range(3)] == [0, 0, 0]
    assert 0 < limiter.wait("a", RATE, 0.0) <= 0.1


def test_a_caller_that_waits_as_told_passes() -> None:
    limiter = RateLimiter()
    for _ in range(3):
        limiter.wait("a", RATE, 0.0)
    wait = limiter.wait("a", RATE, 0.0)
    assert limiter.wait("a", RATE, wait) == 0


def test_a_refused_call_does_not_lengthen_the_wait() -> None:
    limiter = RateLimiter()
    for _ in range(100):
        limiter.wait("a", RATE, 0.0)
    assert limiter.wait("a", RATE, 0.2) == 0


def test_in_the_long_run_the_rate_holds() -> None:
    limiter = RateLimiter()
    passed = sum(limiter.wait("a", RATE, tick / 1000) == 0 for tick in range(10_000))
    assert 100 <= passed <= 104


def test_one_caller_does_not_hold_up_another() -> None:
    limiter = RateLimiter()
    for _ in range(100):
        limiter.wait("a", RATE, 0.0)
    assert limiter.wait("b", RATE, 0.0) == 0


def test_the_memory_is_bounded() -> None:
    limiter = RateLimiter(callers=10)
    for number in range(1000):
        limiter.wait(str(number), RATE, 0.0)
    assert len(limiter._rest) == 10
