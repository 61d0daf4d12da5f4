"""Every route of the application, with values in the places of its address."""

from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import Rule

OF_LIBRARIES = {"static"}
KEEPS = {"session.sign_out"}  # would end the session the test looks with


def routes(app: Flask) -> Iterator[tuple[str, str, Rule]]:
    """Yield (method, endpoint, rule) of all routes, in a fixed order."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE", "PATCH"}):
            yield method, rule.endpoint, rule


def address(rule: Rule, value: str = "1") -> str:
    """Return the rule's address with the same value in every place."""
    path = rule.rule
    for part in rule.arguments:
        for converter in ("", "int:", "path:", "string:", "uuid:"):
            path = path.replace(f"<{converter}{part}>", value)
    return path
