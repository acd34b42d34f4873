"""The composition root: settings from the environment, the service, and its doors.

`gunicorn 'wsgi:application()'` serves everything but the held connections, `gunicorn 'wsgi:events()'` serves those.
"""

import os

from flask import Flask

from adapters.gateway import door as gateway
from codeservice import logs
from codeservice.app import create_app, create_events_app, open_services, require_safe_keys
from codeservice.services import Services
from codeservice.settings import settings_from
from wallet.views import door as wallet


def application() -> Flask:
    """Make the application; raises SettingsError when a setting is missing."""
    return create_app(_services(), doors=(gateway, wallet))


def events() -> Flask:
    """Make the application for connections that are held; raises SettingsError when a setting is missing."""
    return create_events_app(_services())


def _services() -> Services:
    logs.configure()
    services = open_services(settings_from(os.environ))
    require_safe_keys(services)
    return services
