"""The software signer: keys that the server derives, for demonstration, rehearsal and bench."""

from functools import lru_cache
from hashlib import sha256

from app.evidence import reasons
from app.services.context import Context
from app.services.signing.refused import SignatureRefused
from usbkey.authority import Authority
from usbkey.signer import Signer
from usbkey.software import SoftwareKey


def signer_for(ctx: Context, member_no: str) -> Signer:
    """Return the signer of a member; raises SignatureRefused where the settings allow none."""
    if not ctx.settings.software_signer:
        raise SignatureRefused(reasons.SOFTWARE_CERTIFICATE)
    return SoftwareKey.derive(seed_of(ctx), member_no, authority_of(seed_of(ctx)), ctx.clock.now())


def seed_of(ctx: Context) -> bytes:
    """Return the seed of all software keys of this installation."""
    return sha256(b"software signer\x00" + ctx.settings.secret_key.encode()).digest()


@lru_cache(maxsize=8)
def authority_of(seed: bytes) -> Authority:
    """Return the authority that issues software certificates."""
    return Authority.derive(seed)
