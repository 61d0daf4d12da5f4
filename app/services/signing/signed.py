"""What comes back from the person's own machine, and to whom it may be put down (R23)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson

from app.evidence.documents import LARGEST
from app.services.context import Context

HERE = "http://localhost"  # acts at the command line and in a demonstration are of no site


@dataclass(frozen=True, slots=True)
class Signed:
    """A document with the signature over it (CMS, DER).

    ``received_at`` is when it was handed in, if that was earlier than now: a bulk review is worked
    off later, and whether its documents had expired is judged by when they came.
    """

    document: bytes
    cms: bytes
    received_at: datetime | None = None

    @property
    def claims(self) -> Mapping[str, Any]:
        """What the document seems to say, empty where it cannot be told; nothing is believed.

        It is held byte for byte against what the registry builds for itself: reading it strictly
        as well (app/evidence/documents.py) is needed only to say what is wrong with it.
        """
        return _claims(self.document)


@lru_cache(maxsize=8)  # one decision asks twice
def _claims(document: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(document) if len(document) <= LARGEST else None
    except orjson.JSONDecodeError:
        return {}
    return found if type(found) is dict else {}


@dataclass(frozen=True, slots=True)
class Session:
    """Where a document is asked for and handed in: one session (or API token) of one site.

    ``hash`` is that of the session's token; ``origin`` is the site as the browser names it, such
    as https://registry.example. Both are empty for what is done without a session. ``own_key``:
    whoever acts signs with a key of their own, so the server signs nothing for them.
    """

    hash: bytes = b""
    origin: str = ""
    own_key: bool = False


NO_SESSION = Session()


def origin_of(ctx: Context, session: Session) -> str:
    """Return the site that documents are signed for: the configured one, else the request's."""
    given = ctx.settings.public_url or session.origin or HERE
    parts = urlsplit(given)
    return f"{parts.scheme}://{parts.netloc}"
