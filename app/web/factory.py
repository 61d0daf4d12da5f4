"""Puts the web application together; each part sets up its own matter."""

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.middleware.proxy_fix import ProxyFix

from app.logs import set_up_logs
from app.models import Base
from app.services.context import Context
from app.web import (
    account,
    certificate_step,
    home,
    own_certificates,
    password,
    sign_in,
    tokens,
)
from app.web.agent_pages import let_pages_sign
from app.web.asset_files import keep_in_browsers
from app.web.bodies import admit_files
from app.web.errors import answer_errors
from app.web.forgery import refuse_forged_forms
from app.web.formats import write_so
from app.web.headers import send_strict_headers
from app.web.health import measure
from app.web.input import check_fields, refuse_broken_input
from app.web.language import speak
from app.web.limits import limit_rates
from app.web.logs import log_requests
from app.web.pages import add_pages
from app.web.session import require_sign_in
from app.web.shell import dress
from app.web.signs import offer_signing

db = SQLAlchemy(model_class=Base)


def web(ctx: Context) -> Flask:
    """Return the web application on a context.

    The order matters where parts look at a request one after another: log and measure it,
    refuse broken text, find out who asks, then check the anti-forgery token.
    """
    app = Flask("app.web", static_url_path="/static")
    settings = ctx.settings
    app.extensions["registry"] = ctx
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SESSION_COOKIE_NAME="registry_page",
        SESSION_COOKIE_SECURE=settings.cookie_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # The token lives as long as the page's cookie: a long form is not lost after an hour.
        WTF_CSRF_TIME_LIMIT=None,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    set_up_logs(settings.log_level)
    log_requests(app)
    measure(app)
    refuse_broken_input(app)
    db.init_app(app)
    let_pages_sign(app)
    offer_signing(app)
    send_strict_headers(app, secure=settings.cookie_secure)
    keep_in_browsers(app)
    speak(app)
    require_sign_in(app)
    admit_files(app, check_fields)
    limit_rates(app, settings.redis_url)
    refuse_forged_forms(app)
    answer_errors(app)
    write_so(app)
    dress(app)
    for module in (
        home, sign_in, certificate_step, password, account, own_certificates, tokens,
    ):  # fmt: skip
        app.register_blueprint(module.pages)
    add_pages(app)
    return app
