"""What each command for posters does."""

import argparse

from codeservice.city import city_day
from codeservice.commands import ACTOR, CommandError, Result, services_of
from codeservice.location import Location
from codeservice.poster import MAX_LIFE, Poster, poster_rules, write_poster
from codeservice.qr import draw_characters, draw_png, draw_svg
from codeservice.store import audit, client, poster
from codeservice.store.database import Connection
from keys.key import Purpose


def make(options: argparse.Namespace) -> Result:
    """Print a place's poster; every print before it is dead from now on."""
    services = services_of(options)
    now = services.clock()
    ends = options.until + 24 * 3600
    if not 0 < ends - now <= MAX_LIFE:
        raise CommandError(f"a poster ends within {MAX_LIFE // (24 * 3600)} days from now")
    signer = services.signer(Purpose.STATUS)
    if ends > signer.key.verify_until:
        raise CommandError(f"the key that signs today is good until {city_day(signer.key.verify_until)}; end it before")
    if options.out.suffix not in _DRAW:
        raise CommandError("the file ends in .svg, .png or .txt")

    def work(connection: Connection) -> tuple[int, Location | None]:
        place = client.find_place(connection, options.place)
        if place is None:
            raise CommandError("there is no such place")
        location = poster_rules(services.policies(place.policy, now, connection), place.scene).carried(place.location)
        generation = poster.print_again(connection, place.id, now=now)
        details = {"generation": generation, "ends": ends}
        subject = f"place:{place.id}"
        audit.add(connection, at=now, actor=ACTOR, action="poster_printed", subject=subject, details=details)
        return generation, location

    generation, location = services.database.transact(work)
    made = Poster(options.place, now, ends, generation, screen=False, location=location)
    text = write_poster(made, signer=signer, now=now)
    options.out.write_bytes(_DRAW[options.out.suffix](text))
    data = {"place": options.place, "generation": generation, "ends": ends, "file": str(options.out)}
    return Result(data, [f"{options.out}: poster {generation} of {options.place}; earlier prints are dead."])


def _characters(text: str) -> bytes:
    return "\n".join([*draw_characters(text), text, ""]).encode()


_DRAW = {".svg": draw_svg, ".png": draw_png, ".txt": _characters}
