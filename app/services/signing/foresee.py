"""Guess from a signed document which names its check will need, to read them with the task.

A document names its instruments and the diagram it is about. That saves a round trip in most
decisions; what was guessed wrong or too little is asked for later, and nothing in the document is
believed: the names themselves come from the database.
"""

from app.services.signing.named import implied_types
from app.services.signing.names import Names
from app.services.signing.signed import Signed
from app.workflow.definition import Definition


def foreseen(signed: Signed | None) -> Names | None:
    """Return the names that a document's check will probably ask for; None if it tells nothing."""
    if signed is None:
        return None
    claims = signed.claims
    definition = Definition.cached(str(claims.get("bundle")))
    if definition is None:
        return None
    try:
        codes = frozenset(str(line["instrument"]) for line in claims["quantities"])
    except (KeyError, TypeError):  # said with its reason when the signature is checked
        return None
    if any("\0" in code for code in codes):  # which no text in the database holds
        return None
    return Names(codes=codes, implied=implied_types(definition) if codes else frozenset())
