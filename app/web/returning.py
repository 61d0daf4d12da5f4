"""Where a form goes back to: always a page of this site, whatever the form says."""

from urllib.parse import urlsplit

from flask import request, url_for


def way_back(default: str = "home.index") -> str:
    """Return the path in the field ``next``, or the default page when it leads elsewhere."""
    return local_path(request.form.get("next", "")) or url_for(default)


def local_path(wanted: str) -> str:
    """Return a path on this site, or nothing: //other.example and the like are refused."""
    parts = urlsplit(wanted.replace("\\", "/"))
    plain = wanted.isprintable() and not wanted.startswith(("//", "/\\"))
    local = wanted.startswith("/") and not parts.scheme and not parts.netloc
    return wanted.rstrip("?") if plain and local else ""


def this_page() -> str:
    """Return the path of this page for ``next``; a page that was posted to has none."""
    return request.full_path.rstrip("?") if request.method == "GET" else ""
