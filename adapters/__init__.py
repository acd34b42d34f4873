"""The adapters of the city's scenes. `ADAPTERS` is the only registration."""

from adapters.bus import Bus
from adapters.contract import Adapter
from adapters.government import Government
from adapters.hospital import Hospital
from adapters.pharmacy import Pharmacy
from adapters.scenic_spot import ScenicSpot
from adapters.venue import Venue

ADAPTERS: dict[str, Adapter] = {
    adapter.scene.name: adapter for adapter in (Bus(), Hospital(), Pharmacy(), ScenicSpot(), Government(), Venue())
}
