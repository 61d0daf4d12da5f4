"""The software signer: keys that the server derives, for demonstration, rehearsal and bench.

A key follows from the installation's secret and the member number; nothing of it is stored. What
is stored is the certificate that was bound to the person, and with that one the server signs.
"""

from functools import lru_cache
from hashlib import sha256

from cryptography import x509

from app.evidence import reasons
from app.services.context import Context
from app.services.signing.refused import SignatureRefused
from usbkey.authority import Authority
from usbkey.signer import Signer
from usbkey.software import SoftwareKey

MOST_KEPT = 4096


def signer_for(ctx: Context, member_no: str) -> Signer:
    """Return the signer of a member; raises SignatureRefused where the settings allow none.

    Its certificate is this calendar year's: the one to bind, not the one that was bound earlier.
    """
    seed = allowed_seed(ctx)
    return SoftwareKey.derive(seed, member_no, authority_of(seed), ctx.clock.now())


def signer_with(ctx: Context, member_no: str, certificate: bytes) -> Signer | None:
    """Return the signer of a member with a certificate (DER) that was bound to them.

    None where it is not of the key that the server derives, such as one on a token of the demo;
    raises SignatureRefused where the settings allow no software signer.
    """
    return _kept(allowed_seed(ctx), member_no, certificate)


def seed_of(ctx: Context) -> bytes:
    """Return the seed of all software keys of this installation."""
    return sha256(b"software signer\x00" + ctx.settings.secret_key.encode()).digest()


def allowed_seed(ctx: Context) -> bytes:
    """Return the same; raises SignatureRefused where the settings allow no software signer."""
    if not ctx.settings.software_signer:
        raise SignatureRefused(reasons.SOFTWARE_CERTIFICATE)
    return seed_of(ctx)


@lru_cache(maxsize=8)
def authority_of(seed: bytes) -> Authority:
    """Return the authority that issues software certificates."""
    return Authority.derive(seed)


@lru_cache(maxsize=MOST_KEPT)
def _kept(seed: bytes, member_no: str, certificate: bytes) -> Signer | None:
    loaded = x509.load_der_x509_certificate(certificate)
    try:
        return SoftwareKey.of(seed, member_no, loaded, authority_of(seed))
    except ValueError:
        return None
