"""The bus."""

from codeservice.store import scan
from day.town import Town

TITLE = "一码乘车 The bus"


def play(town: Town) -> None:
    """Ride."""
    town.at("07:30")
    for name in ("bus-1", "bus-2"):
        town.validator(name)
    town.go_dark("bus-2")
    adults = [town.citizen(lambda citizen: citizen.phone is not None, number) for number in range(4)]
    for number, citizen in enumerate(adults):
        answer = town.scan(("bus-1", "bus-2")[number % 2], town.show(citizen))
        town.tell(f"{answer.message.zh}")
        assert answer.reason is None, answer
        town.story.count("bus.rides")


def settle(town: Town) -> None:
    """Count."""
    with town.services.database.read() as connection:
        town.story.balance("bus.rides", scan.count_since(connection, 0), "乘车次数 rides")
