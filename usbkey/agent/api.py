"""What pages of the registry may ask, in JSON under /v1. README.md beside this file says how."""

import re
from hmac import compare_digest
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from usbkey.agent import shown
from usbkey.agent.agent import present
from usbkey.agent.asked import DONE, Pairing, Signing, Wish, new_pairing
from usbkey.agent.confirm import refuse
from usbkey.agent.keys import find, serial_of
from usbkey.agent.pairings import new_secret
from usbkey.agent.refusals import Refused
from usbkey.agent.strict_json import body_of, decoded, encoded
from usbkey.certificates import Held

VERSION = 1  # of this interface; a page asks for exactly this
LANGUAGES = ("zh", "en")
_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")

pages = Blueprint("api", __name__, url_prefix="/v1")


@pages.get("/hello")
def hello() -> Response:
    """Say that the agent runs, and whether this browser is paired."""
    agent = present()
    return jsonify(
        agent="carbon-registry-usbkey",
        version=VERSION,
        paired=_paired(),
        window="browser" if agent.terminal is None else "terminal",
    )


@pages.post("/pair")
def pair() -> tuple[Response, int]:
    """Ask the user to allow this website; the secret works once they have."""
    agent = present()
    body = body_of(request.get_data(), {"language": str}, {})
    made = agent.pairs.add(
        new_pairing(g.origin, _language(body["language"]), new_secret(), agent.now())
    )
    window = agent.announce(made, "pair")
    return jsonify(id=made.id, code=made.code, secret=made.secret, window=window), 201


@pages.get("/pair/<number>")
def pairing(number: str) -> Response:
    """Say what became of a wish to pair."""
    return jsonify(state=_own_pairing(number).state)


@pages.post("/pair/<number>/window")
def pairing_window(number: str) -> Response:
    """Return a fresh address of the window; the one before opens nothing any more."""
    return _window(_own_pairing(number), "pair")


@pages.get("/certificates")
def certificates() -> Response:
    """List what is plugged in; the registry says which of them may be used."""
    require_paired()
    agent = present()
    return jsonify(certificates=[_told(held) for held in agent.keys.certificates()])


@pages.post("/requests")
def ask() -> tuple[Response, int]:
    """Ask for signatures over documents of the registry's own types."""
    require_paired()
    agent = present()
    body = body_of(
        request.get_data(),
        {"id": str, "documents": list, "certificate": str},
        {"language": str},
    )
    if not _ID.fullmatch(body["id"]) or not body["documents"]:
        raise Refused("body")
    if len(body["documents"]) > shown.MOST:
        raise Refused("too_many")
    now = agent.now()
    held = find(agent.keys, body["certificate"], now)
    documents = tuple(
        shown.read(decoded(document), g.origin, held, now) for document in body["documents"]
    )
    if len(documents) > 1 and any(document.is_sign_in for document in documents):
        raise Refused("mixed")
    made = Signing(
        id=body["id"],
        origin=g.origin,
        language=_language(body.get("language", "zh")),
        expires=min(document.expires for document in documents),
        documents=documents,
        held=held,
    )
    known = agent.signs.add(made)
    if (known.origin, known.content) != (made.origin, made.content):
        raise Refused("request_differs")
    window = agent.announce(known, "sign") if known is made else None
    return jsonify(_state(known) | {"window": window}), 201 if known is made else 200


@pages.get("/requests/<number>")
def answer(number: str) -> Response:
    """Return the signatures once the user gave them; asking again returns the same."""
    require_paired()
    return jsonify(_state(present().signs.find(number, g.origin)))


@pages.post("/requests/<number>/window")
def signing_window(number: str) -> Response:
    """Return a fresh address of the window; the one before opens nothing any more."""
    require_paired()
    return _window(present().signs.find(number, g.origin), "sign")


@pages.delete("/requests/<number>")
def withdraw(number: str) -> Response:
    """Take a wish back; what was signed stays signed."""
    require_paired()
    agent = present()
    wish = agent.signs.find(number, g.origin)
    refuse(agent, wish)
    return jsonify(_state(wish))


def require_paired() -> None:
    """Raise Refused unless the request carries the secret of a pairing."""
    if not _paired():
        raise Refused("unpaired")


def _paired() -> bool:
    secret = _secret()
    return secret is not None and present().pairings.holds(g.origin, secret)


def _secret() -> str | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret if scheme == "Bearer" and secret else None


def _own_pairing(number: str) -> Pairing:
    """The wish to pair of whoever asked for it: its secret is theirs alone."""
    wish = present().pairs.find(number, g.origin)
    if not compare_digest(_secret() or "", wish.secret):
        raise Refused("unpaired")
    return wish


def _window(wish: Wish, kind: str) -> Response:
    return jsonify(window=present().announce(wish, kind), state=wish.state)


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise Refused("body")
    return text


def _state(wish: Signing) -> dict[str, Any]:
    return {
        "id": wish.id,
        "state": wish.state,
        "done": wish.done,
        "total": len(wish.documents),
        "signatures": [{"cms": encoded(one)} for one in wish.cms] if wish.state == DONE else [],
    }


def _told(held: Held) -> dict[str, Any]:
    return {
        "fingerprint": held.fingerprint,
        "certificate": encoded(held.certificate),
        "member_no": held.subject.member_no,
        "holder": held.subject.holder,
        "serial": serial_of(held),
        "token": held.token,
        "not_before": f"{held.parsed.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{held.parsed.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        "state": held.state(present().now()),
    }
