"""Who may press a button in the agent's window: only the page that the agent itself rendered.

A ticket in the window's address opens it once. The page that opens carries a form secret that is in
no address and that no other origin can read; each press uses one up, so that a second press (a
double click, a reload) is never a second try of the PIN. No cookie is needed, and none is set:
cookies of 127.0.0.1 would be shared with every other port of this machine.
"""

import hmac
import secrets

from usbkey.agent.refusals import Refused


class Gate:
    """The ticket and the form secret of one window."""

    def __init__(self) -> None:
        self._ticket: str | None = None
        self._form: str | None = None
        self._spent: set[str] = set()

    def ticket(self) -> str:
        """Return a fresh ticket; the one before opens nothing any more."""
        self._ticket = secrets.token_urlsafe(32)
        return self._ticket

    def enter(self, ticket: str) -> None:
        """Use up the ticket; raises Refused for any other."""
        if self._ticket is None or not hmac.compare_digest(self._ticket, ticket):
            raise Refused("window")
        self._ticket = None

    def form(self) -> str:
        """Return the secret of the form that is rendered now; earlier forms are spent."""
        if self._form is not None:
            self._spent.add(self._form)
        self._form = secrets.token_urlsafe(32)
        return self._form

    def press(self, form: str) -> bool:
        """Whether this press is the first of the present form; raises Refused for a stranger's."""
        if self._form is not None and hmac.compare_digest(self._form, form):
            self._spent.add(self._form)
            self._form = None
            return True
        if form in self._spent:
            return False
        raise Refused("forged")
