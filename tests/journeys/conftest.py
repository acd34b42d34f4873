"""What journeys share with the mini-program's tests: a city in this process."""

from tests.miniprogram.conftest import town

__all__ = ["town"]
