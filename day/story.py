"""What happened on the day, in words, and whether it balances."""

import sys
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Story:
    """Prints the day. `expected` is what the script has done, counted by itself, `totals` what the city says."""

    quiet: bool = False
    expected: Counter[str] = field(default_factory=Counter)
    totals: dict[str, int] = field(default_factory=dict)
    balances: bool = True

    def heading(self, text: str) -> None:
        """Begin a part."""
        self._print(f"\n── {text}")

    def tell(self, when: str, text: str) -> None:
        """Say what happened at a time of the day."""
        self._print(f"  {when}  {text}")

    def count(self, name: str, amount: int = 1) -> None:
        """Note that the script has done something that a total has to show in the evening."""
        self.expected[name] += amount

    def balance(self, name: str, city: int, words: str) -> None:
        """Compare what the city says with what the script has done."""
        self.totals[name] = city
        script = self.expected[name]
        good = script == city
        self.balances &= good
        self._print(f"  {'✓' if good else '✗'} {words}: {city}" + ("" if good else f", the script has done {script}"))
        if not good:
            print(f"✗ {name}: the city says {city}, the script has done {script}", file=sys.stderr)

    def require(self, fact: object, words: str) -> None:
        """Note something that has to hold; the day does not balance otherwise."""
        self.balances &= bool(fact)
        self._print(f"  {'✓' if fact else '✗'} {words}")
        if not fact:
            print(f"✗ {words}", file=sys.stderr)

    def _print(self, line: str) -> None:
        if not self.quiet:
            print(line, flush=True)
