"""Opening the wallet on a poor phone: 4x slower processor, slow 3G; first visit, return visit, and without network.

The bare baseline is the smallest answer of the same service in the same browser under the same throttle. Transferred is
what the browser says came over the wire, headers included. The service speaks HTTP/1.1 here.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import CDPSession, Page

from tests.running import RunningCity, chromium
from tests.wallets import PHONE, open_wallet

SLOWER = 4
SLOW_3G = {"offline": False, "latency": 2000, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
"""The preset "Slow 3G" of Chromium's own tools: 2 s of latency, 400 kbit/s."""

FIRST_BOUND = 150_000
"""Most bytes that a first visit may transfer."""

RETURN_BOUND = 1.0
"""A return visit comes from the phone itself: it may not take longer than the bare page over the network."""

ROUNDS = 3
_PATIENCE = 180_000
_CODE = "[data-testid=qr][data-iat]"
_SIGN_IN = "[data-testid=phone]"


def measure() -> bool:
    """Print what opening the wallet costs; True when both bounds hold."""
    with tempfile.TemporaryDirectory(prefix="city-bench-") as folder:
        city = RunningCity(Path(folder) / "city", {})
        try:
            with chromium() as browser:
                fresh = browser.new_context(viewport=PHONE, locale="zh-CN").new_page()
                owner = open_wallet(browser, city, city.people()[0])
                return _measure(city, fresh, owner)
        finally:
            city.stop()


def _measure(city: RunningCity, fresh: Page, owner: Page) -> bool:
    wallet = f"{city.origin}/wallet/"
    _throttle(fresh)
    bare = min(
        _seconds(fresh, lambda: fresh.goto(f"{city.origin}/livez", wait_until="commit"), "body") for _ in range(ROUNDS)
    )
    transferred = _count(fresh)
    first = _seconds(fresh, lambda: fresh.goto(wallet, wait_until="commit"), _SIGN_IN)
    fresh.wait_for_load_state("networkidle")
    total = transferred()
    # The worker that keeps the files has them by now.
    owner.wait_for_function("navigator.serviceWorker.controller !== null || navigator.serviceWorker.ready")
    owner.reload()
    owner.locator(_CODE).wait_for()
    session = _throttle(owner)

    def again() -> None:
        owner.reload(wait_until="commit")

    back = min(_seconds(owner, again, _CODE) for _ in range(ROUNDS))
    session.send("Network.emulateNetworkConditions", SLOW_3G | {"offline": True})
    alone = min(_seconds(owner, again, _CODE) for _ in range(ROUNDS))
    good = total <= FIRST_BOUND and back <= RETURN_BOUND * bare
    print(f"  bare page                       {bare:6.1f} s")
    print(f"  first visit to the sign-in      {first:6.1f} s    ratio {first / bare:6.2f} to the bare page")
    print(f"  first visit, transferred        {total:6} bytes    bound {FIRST_BOUND}")
    print(f"  return visit to the code        {back:6.1f} s    ratio {back / bare:6.2f}    bound {RETURN_BOUND}")
    print(f"  without network to the code     {alone:6.1f} s    ratio {alone / bare:6.2f}")
    print(f"  {'ok' if good else 'ABOVE'}", flush=True)
    return good


def _throttle(page: Page) -> CDPSession:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    session.send("Network.emulateNetworkConditions", SLOW_3G)
    return session


def _count(page: Page) -> Callable[[], int]:
    """Count what is transferred from now on, by the page and the workers that it starts."""
    sizes: list[int] = []

    def add(event: dict[str, float]) -> None:
        sizes.append(int(event["encodedDataLength"]))

    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", add)
    return lambda: sum(sizes)


def _seconds(page: Page, act: Callable[[], object], shown: str) -> float:
    page.set_default_timeout(_PATIENCE)
    begun = time.perf_counter()
    act()
    page.locator(shown).wait_for(timeout=_PATIENCE)
    return time.perf_counter() - begun
