"""Rate limits, counted in Redis for all processes together.

When Redis is away each process counts in its own memory with the same limits: signing in goes
on, and guessing stays slow (at most the limit times the number of processes). The decision: a
registry that nobody can enter on its deadline is worse than a limit that is a few times wider.
"""

import time
from hashlib import sha256

from flask import Flask, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from app.web.machines import API
from app.web.visitor import who

LONGEST_KEY = 64

PER_ADDRESS = "120 per minute"  # all attempts of an address; companies share one
PER_MEMBER = "10 per 15 minutes"  # failures of a member number, known or not
CAPTCHAS = "240 per minute"
CONFIRMATIONS = "60 per minute"  # of certificates, per address
ENROLMENTS = "20 per 15 minutes"
DOCUMENTS = "120 per minute"  # asked for by a person, to sign them; each keeps a number for a day
PER_MACHINE = "1200 per minute"  # of a machine client: a busy one, not a broken one

limiter = Limiter(
    key_func=get_remote_address,
    strategy="moving-window",
    in_memory_fallback_enabled=True,
    headers_enabled=False,
)


def token_brought() -> str:
    """Return whose request it is: its token's digest, never the token; without one its address."""
    token = request.headers.get("Authorization", "").partition(" ")[2]
    if not token:
        return "address:" + get_remote_address()
    return "token:" + sha256(token.encode()).hexdigest()


@limiter.shared_limit(
    lambda: current_app.config["PER_MACHINE"], scope="api", key_func=token_brought
)
def _one_more() -> None:
    """Count a request of the JSON API; raises RateLimitExceeded."""


def _count_machines() -> None:
    if request.path.startswith(API):
        _one_more()


def limit_rates(app: Flask, redis_url: str) -> None:
    """Count in Redis; a slow Redis is as good as none."""
    app.config["RATELIMIT_STORAGE_URI"] = redis_url
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {
        "socket_connect_timeout": 0.5,
        "socket_timeout": 0.5,
    }
    app.config["RATELIMIT_SWALLOW_ERRORS"] = True
    limiter.init_app(app)
    app.config.setdefault("PER_MACHINE", PER_MACHINE)
    app.config.setdefault("DOCUMENTS", DOCUMENTS)
    app.before_request(_count_machines)


def typed_member_no() -> str:
    """Return the member number as typed: unknown ones are limited as known ones are."""
    return "member:" + request.form.get("member_no", "").strip()[:LONGEST_KEY]


def signed_in_person() -> str:
    """Return who has signed in, on however many machines."""
    return f"person:{who().actor.person_id}"


documents_asked_for = limiter.shared_limit(
    lambda: current_app.config["DOCUMENTS"], scope="documents", key_func=signed_in_person
)


def seconds_to_wait() -> int:
    """Return after how many seconds the limit that was met opens again."""
    current = limiter.current_limit
    return max(1, int(current.reset_at - time.time()) + 1) if current else 60
