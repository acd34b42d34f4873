"""Policies for tests, put in force without the operator's commands."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from adapters.policies import read_draft
from codeservice.app import open_services
from codeservice.one_machine import environment_of
from codeservice.settings import settings_from
from codeservice.store import policy
from codeservice.store.policy import LOOK_EVERY
from tests.conftest import City, Clock
from tests.running import RunningCity

HALL: dict[str, Any] = {
    "services": [{"code": "general", "title": {"zh": "综合", "en": "General"}, "prefix": "A"}],
    "windows": [{"code": "1", "services": ["general"]}],
    "forms": [
        {
            "code": "register",
            "service": "general",
            "title": {"zh": "登记表", "en": "Registration form"},
            "purpose": {"zh": "办理登记", "en": "Registration"},
            "minutes": 10,
            "fields": [{"name": "applicant", "title": {"zh": "姓名", "en": "Name"}, "source": "holder.name"}],
        }
    ],
    "reviews": {"tags": {"fast": {"zh": "快", "en": "Fast"}}, "days": 7, "bad": 2, "answer_days": 5},
}
"""A hall with one service, one window and one form."""


def put_in_force(city: City, scene: str, fields: dict[str, Any]) -> None:
    """Put a policy of a scene in force at once: codes of devices, and these fields."""
    document = {"kinds": ["device"], "discloses": {"name": "masked"}, **fields}
    file = {"name": scene, "scene": scene, "title": {"zh": "试", "en": "T"}, "policy": document}
    now = city.clock.now
    with city.services.database.write() as connection:
        version = policy.add(connection, read_draft(json.dumps(file).encode()), actor="test", now=now)
        policy.note_trial(connection, scene, version, scans=0, differing=0, actor="test", now=now)
        policy.switch(connection, scene, version, begins=now, actor="test", reason="test", now=now)
    city.services.policies.forget()


@contextmanager
def beside(running: RunningCity) -> Iterator[City]:
    """Open the record of a city that runs in processes of its own; they look at the policies once a second."""
    services = open_services(settings_from(environment_of(running.data, {})))
    try:
        yield City(services, Flask(__name__), Clock(int(time.time())), [])
    finally:
        services.database.close()
    time.sleep(2 * LOOK_EVERY)
