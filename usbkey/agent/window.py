"""The agent's own window: shows what is to be signed, asks for the PIN, says what became of it.

Opened by the registry's page at the agent's origin; the page cannot read it, frame it or press its
buttons (gate.py). It works without scripts; a script only closes it and names the busy button.
"""

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Response, make_response, render_template, request

from usbkey.agent import shown
from usbkey.agent.agent import Agent, present
from usbkey.agent.asked import DONE, WAITING, Asked, Pairing, Signing, Wish
from usbkey.agent.confirm import allow, refuse, sign
from usbkey.agent.keys import serial_of
from usbkey.agent.problem import Problem, problem_of
from usbkey.agent.refusals import Refused
from usbkey.agent.words import Words
from usbkey.errors import UsbkeyError

LONGEST_PIN = 64
pages = Blueprint("window", __name__, url_prefix="/window")


@pages.get("/pair/<number>/<ticket>")
def open_pairing(number: str, ticket: str) -> Response:
    """Show which website wants to be allowed."""
    return _open(present().pairs, number, ticket, _pairing_page)


@pages.post("/pair/<number>")
def answer_pairing(number: str) -> Response:
    """Allow the website, refuse it, or show the window in the other language."""
    agent = present()
    pairing = agent.pairs.find(number)
    with pairing.lock:
        if pairing.gate.press(request.form.get("form", "")):
            if request.form.get("do") == "allow":
                allow(agent, pairing)
            else:
                _other_button(agent, pairing)
        return _pairing_page(pairing)


@pages.get("/sign/<number>/<ticket>")
def open_signing(number: str, ticket: str) -> Response:
    """Show what is to be signed."""
    return _open(present().signs, number, ticket, _signing_page)


@pages.post("/sign/<number>")
def answer_signing(number: str) -> Response:
    """Sign with the PIN, refuse, or show the window in the other language."""
    agent = present()
    signing = agent.signs.find(number)
    with signing.lock:
        problem = None
        if signing.gate.press(request.form.get("form", "")):
            if request.form.get("do") == "sign":
                problem = _sign(agent, signing, request.form.get("pin", ""))
            else:
                _other_button(agent, signing)
        return _signing_page(signing, problem)


def refused(error: Exception) -> Response:
    """Return a page that says why there is no window."""
    problem = problem_of(error)
    best = request.accept_languages.best_match(["zh", "en"]) or "zh"
    text = render_template("refused.html", problem=problem, w=Words(best))
    return make_response(text, problem.status)


def _open(
    kept: "Asked[Pairing] | Asked[Signing]",
    number: str,
    ticket: str,
    page: Callable[..., Response],
) -> Response:
    wish = kept.find(number)
    with wish.lock:
        wish.gate.enter(ticket)
        return page(wish)


def _sign(agent: Agent, signing: Signing, pin: str) -> Problem | None:
    """Try once; what the token says against it is shown in the window."""
    if not pin or len(pin) > LONGEST_PIN:
        return Problem.no_pin()
    try:
        sign(agent, signing, pin)
    except (UsbkeyError, Refused) as error:
        return problem_of(error)
    return None


def _other_button(agent: Agent, wish: Wish) -> None:
    pressed = request.form.get("do", "")
    if pressed == "refuse":
        refuse(agent, wish)
    elif pressed in {"zh", "en"}:
        wish.language = pressed


def _pairing_page(pairing: Pairing) -> Response:
    return _page("pair.html", pairing)


def _signing_page(signing: Signing, problem: Problem | None = None) -> Response:
    return _page(
        "sign.html",
        signing,
        problem,
        documents=signing.documents,
        held=signing.held,
        serial=serial_of(signing.held) if signing.held else "",
        totals=shown.totals(signing.documents),
        kinds=shown.kinds(signing.documents),
    )


def _page(name: str, wish: Wish, problem: Problem | None = None, **more: object) -> Response:
    text = render_template(
        name if wish.state == WAITING else "done.html",
        wish=wish,
        form=wish.gate.form(),
        w=Words(wish.language),
        problem=problem,
        signed=wish.state == DONE and isinstance(wish, Signing),
        **more,
    )
    return make_response(text, HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK)
