"""The bare baseline: a Flask page that returns a constant."""

from flask import Flask


def application() -> Flask:
    """Make the application."""
    app = Flask("constant")
    app.add_url_rule("/", "constant", lambda: "constant", methods=["GET", "POST"])
    return app
