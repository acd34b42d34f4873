"""The composition root: settings from the environment, the service, and its doors. `gunicorn 'wsgi:application()'`."""

import os

from flask import Flask

from adapters.gateway import door as gateway
from codeservice import logs
from codeservice.app import create_app, open_services, require_safe_keys
from codeservice.settings import settings_from
from wallet.views import door as wallet


def application() -> Flask:
    """Make the application; raises SettingsError when a setting is missing."""
    logs.configure()
    services = open_services(settings_from(os.environ))
    require_safe_keys(services)
    return create_app(services, doors=(gateway, wallet))
