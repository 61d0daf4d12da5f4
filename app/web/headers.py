"""Strict headers on every answer, errors included."""

from flask import Flask, Response, request

from app.web.agent_pages import agent_source

# Bootstrap draws its check marks as data: pictures; nothing else comes from elsewhere.
DIRECTIVES = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
POLICY = "; ".join(f"{name} {sources}" for name, sources in DIRECTIVES.items())
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
TWO_YEARS = "max-age=63072000; includeSubDomains"


def send_strict_headers(app: Flask, *, secure: bool) -> None:
    """Add the headers to every answer; HSTS where cookies are secure."""

    @app.after_request
    def _add(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _policy())
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if secure:
            response.headers.setdefault("Strict-Transport-Security", TWO_YEARS)
        if request.endpoint != "static":
            # Holdings never lie in a shared cache or behind the back button of a stranger.
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _policy() -> str:
    """The same for every page; one that signs may also ask the agent on the user's machine."""
    agent = agent_source()
    return POLICY if agent is None else f"{POLICY}; connect-src 'self' {agent}"
