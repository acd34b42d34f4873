"""A city in this process, reached by phones over a port: a test holds offices, hospitals and laboratories as well."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import formatdate
from itertools import islice
from pathlib import Path

import redis
from playwright.sync_api import Browser
from werkzeug.serving import WSGIRequestHandler, make_server

from codeservice import demo
from codeservice.app import open_services
from codeservice.wechat import Wechat
from setup.miniprogram import prepare
from tests.conftest import NOW, PEOPLE, SEED, City, Clock, app_of, settings_of
from tests.miniprogram.host import NODE_MODULES, Host, Phone
from tests.miniprogram.wechat_server import wechat_server
from tests.running import Person, RealHttp


class GoingClock(Clock):
    """A clock that goes on by itself from the time of the template."""

    def __init__(self, now: int) -> None:
        self.ahead = now - time.time()

    @property
    def now(self) -> int:
        """Epoch seconds."""
        return int(time.time() + self.ahead)

    @now.setter
    def now(self, value: int) -> None:
        raise AttributeError("this clock goes by itself, as the phones do")


@dataclass(frozen=True)
class Served:
    """Where a city is reached."""

    origin: str
    http: RealHttp


@dataclass(frozen=True)
class Town:
    """The city, and where its citizens' phones come from."""

    city: City
    host: Host[Served]

    def phone(self, citizen: demo.Citizen, openid: str = "") -> Phone:
        """Return a phone of a citizen, signed in and with a code on screen."""
        phone = self.host.phone(openid or citizen.holder.id, str(citizen.phone))
        phone.tap("wechat-phone")
        phone.page.locator("#countdown:visible, #confirm-real-name:visible").wait_for()
        if phone.at("confirm-real-name").count() > 0:
            phone.confirm(person_of(citizen))
        return phone


def person_of(citizen: demo.Citizen) -> Person:
    """Return what the citizen knows of themselves."""
    holder = citizen.holder
    return Person(str(citizen.phone), holder.name, holder.id_number.text, citizen.cards[0].number)


@contextmanager
def open_town(template: Path, folder: Path, redis_address: str, browser: Browser) -> Iterator[Town]:
    """Serve a copy of the template's city with a mini-program."""
    redis.Redis.from_url(redis_address).flushall()
    data, copied, clock = folder / "city", folder / "copied", GoingClock(NOW)
    shutil.copytree(template, data)
    prepare(NODE_MODULES, copied)

    class Handler(WSGIRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(clock.now, usegmt=True)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    with wechat_server() as address:
        services = open_services(settings_of(data, redis_address), clock)
        services = replace(services, mini_program=Wechat("app", "secret", address))
        city = City(services, app_of(services), clock, list(islice(demo.generate(seed=SEED), PEOPLE)))
        server = make_server("127.0.0.1", 0, city.app, threaded=True, request_handler=Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        served = Served(f"http://127.0.0.1:{server.port}", RealHttp(server.port))
        try:
            yield Town(city, Host(served, browser, copied, clock.ahead))
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            services.database.close()
