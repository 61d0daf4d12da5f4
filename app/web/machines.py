"""Which addresses are for machines: they take no cookie and get no page."""

API = "/api/"


def for_machines(path: str) -> bool:
    """Return whether a path is the API's, or one that monitoring reads."""
    return path.startswith(API) or path in {"/healthz", "/metrics"}
