"""What a button in the window, or an answer in the terminal, does. Each answer is taken once."""

from datetime import datetime

from usbkey import cms
from usbkey.agent.agent import Agent
from usbkey.agent.asked import DONE, OVER, REFUSED, WAITING, Pairing, Signing, Wish
from usbkey.agent.refusals import Refused


def allow(agent: Agent, pairing: Pairing) -> None:
    """Keep the pairing; what is no longer waited for stays as it is."""
    with pairing.lock:
        if _waits(pairing, agent.now()):
            agent.pairings.add(pairing.origin, pairing.secret)
            pairing.state = DONE


def refuse(agent: Agent, wish: Wish) -> None:
    """Say no; what is no longer waited for stays as it is."""
    with wish.lock:
        if _waits(wish, agent.now()):
            wish.state = REFUSED


def sign(agent: Agent, signing: Signing, pin: str) -> None:
    """Sign every document for itself, all or none.

    Raises the typed errors of the token; the wish then still waits, and nothing was signed. The PIN
    goes to the token and is not kept.
    """
    with signing.lock:
        if not _waits(signing, agent.now()):
            return
        if signing.held is None:
            raise Refused("certificate")
        signing.done = 0
        signed = []
        with agent.keys.unlocked(signing.held.fingerprint, pin, agent.now()) as signer:
            for document in signing.documents:
                signed.append(cms.signed(document.data, signer, agent.now()))
                signing.done = len(signed)
        signing.cms = tuple(signed)
        signing.state = DONE


def _waits(wish: Wish, now: datetime) -> bool:
    if wish.state == WAITING and now > wish.expires:
        wish.state = OVER
    return wish.state == WAITING
