"""Arguments of command lines, read alike by all of them."""

import argparse
from collections.abc import Callable


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a reader of whole numbers between two bounds, both included; it raises what argparse explains."""

    def read(text: str) -> int:
        number = int(text)
        if not lowest <= number <= highest:
            raise argparse.ArgumentTypeError(f"must lie between {lowest} and {highest}")
        return number

    read.__name__ = "whole number"
    return read
