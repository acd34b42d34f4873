"""`python -m day`: play the day with network and once more with a third of the terminals without, and compare."""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from day.chapters import CHAPTERS
from day.story import Story
from day.town import open_town


def main() -> int:
    """Play, print what happened, and compare; 0 when everything balances."""
    parser = argparse.ArgumentParser(prog="python -m day", description=__doc__)
    parser.add_argument(
        "--only", choices=sorted(CHAPTERS), action="append", help="these chapters alone; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="print the totals for machines, and no story")
    options = parser.parse_args()
    names = options.only or list(CHAPTERS)
    bright = play(names, dark=False, quiet=options.json)
    dark = play(names, dark=True, quiet=options.json)
    differing = sorted(name for name in bright.totals if bright.totals[name] != dark.totals.get(name))
    if options.json:
        print(json.dumps({"with_network": bright.totals, "a_third_without": dark.totals, "differing": differing}))
    else:
        print(f"\n两天的合计一致 The totals of both days agree: {len(bright.totals)}" if not differing else "")
    for name in differing:
        print(f"✗ {name}: {bright.totals[name]} with network, {dark.totals.get(name)} without", file=sys.stderr)
    return 0 if bright.balances and dark.balances and not differing else 1


def play(names: list[str], *, dark: bool, quiet: bool = False) -> Story:
    """Play one day; with `dark` a third of the terminals have no network while it lasts."""
    story = Story(quiet=quiet)
    title = (
        "三分之一终端离线的一天 The day with a third of the terminals offline"
        if dark
        else "联网的一天 The day with network"
    )
    story.heading(title)
    with TemporaryDirectory(prefix="city-day-") as folder, open_town(Path(folder), story, dark=dark) as town:
        for name in names:
            story.heading(CHAPTERS[name].TITLE)
            CHAPTERS[name].play(town)
        town.come_home()
        story.heading("晚上：上传、结算、对账 Evening: uploads, settlement, accounts")
        for name in names:
            CHAPTERS[name].settle(town)
    return story


if __name__ == "__main__":
    sys.exit(main())
