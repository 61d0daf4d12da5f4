"""The JSON API: the pages' services for machine clients, with the same checks and errors.

``app.create_app`` joins it to the pages; neither imports the other.
"""

from flask import Flask
from flask_smorest import Api

from app.api import applications, attachments, holdings, inbox, notices, tasks
from app.api.doors import VERSION

INTRODUCTION = """\
The same services, numbered checks and errors as the pages.

* Sign in with `Authorization: Bearer <token>`; a token is made on the page 我的 API 令牌 or by
  `registry api-token MEMBER_NO`. Its scopes: `read`, `apply`, `review`, `operate`.
* Quantities are strings of whole tonnes; times are ISO 8601 in UTC; names are `{zh, en}`.
* Lists give a `next` cursor; pass it back as `cursor`.
* Send `Idempotency-Key` with a submission or decision: the same key with the same content gives
  the first answer, with other content 409.
* Where an account asks for signed decisions, `prepare` first: it returns the document of exactly
  what is decided. Sign it as a detached CMS with the person's own certificate, and send
  `signature: {document, cms}` with the decision within ten minutes, by the same token. A
  signature that does not stand is refused with its number (8001 to 8099).
* A token has 1200 requests a minute; beyond them 429 with `Retry-After`.
* Errors are `{status, code, message: {zh, en}}`, with `findings` (failing numbered checks, all at
  once) or `fields` (what is wrong where). What is not yours does not exist: 404.
"""


class Described(Api):
    """The API with its description; errors are answered where those of the pages are."""

    def _register_error_handlers(self) -> None:
        """Leave the errors of the whole application to the one place that maps them."""


def add_api(app: Flask) -> None:
    """Register the API under /api/v1 and its OpenAPI 3.1 document."""
    app.config.update(
        API_TITLE="Carbon registry",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": INTRODUCTION},
            "security": [{"token": []}],
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        },
    )
    api = Described(app)
    for module in (inbox, tasks, applications, attachments, notices, holdings):
        # A machine brings a token with each request and no cookie: nothing to forge.
        app.extensions["csrf"].exempt(module.resources)
        api.register_blueprint(module.resources)
