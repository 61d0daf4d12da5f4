"""From a signer's certificate to a trusted root (RFC 5280, section 6, for one kind of tree).

Roots are trusted because somebody said so, never because a signature brings one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from cryptography.x509.oid import ExtendedKeyUsageOID

from app.evidence import reasons, revocation
from app.evidence.certificate import Certificate, issued_by, read
from app.evidence.reasons import Rejected, Text

_LONGEST = 4
_SECOND = timedelta(seconds=1)
_PURPOSES = {
    ExtendedKeyUsageOID.EMAIL_PROTECTION.dotted_string,
    ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string,
}

_signed_by = lru_cache(maxsize=1024)(issued_by)


class Anchors:
    """Whom one believes: roots, and known authorities below them (DER); ready for look-up."""

    def __init__(self, roots: Iterable[bytes], intermediates: Iterable[bytes] = ()) -> None:
        self.roots = tuple(roots)
        self.intermediates = tuple(intermediates)
        self.read_roots = tuple(map(read, self.roots))
        self.read_intermediates = tuple(map(read, self.intermediates))


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain that stands: signer's certificate first, root last.

    It stands from ``valid_from`` until before ``valid_until``, and may be kept for that long.
    ``crl_indexes`` are the lists that cleared each certificate but the root, in the same order.
    """

    certificates: tuple[Certificate, ...]
    crl_indexes: tuple[int, ...]
    valid_from: datetime
    valid_until: datetime

    @property
    def leaf(self) -> Certificate:
        """The signer's certificate."""
        return self.certificates[0]

    @property
    def root(self) -> Certificate:
        """The trusted root."""
        return self.certificates[-1]


def chain_stands(
    certificates: Sequence[bytes], anchors: Anchors, crls: Sequence[bytes], at: datetime
) -> Chain:
    """Return the chain of ``certificates[0]`` at a time; raises Rejected with what is wrong.

    The others are what came along; each must be needed. Costs four verifications the first time.
    """
    return cleared(path_stands(certificates, anchors, at), crls, at)


def path_stands(
    certificates: Sequence[bytes], anchors: Anchors, at: datetime
) -> tuple[Certificate, ...]:
    """Return signer to root, all valid at a time; whether one was revoked is not asked here."""
    leaf, *sent = map(read, certificates)
    _may_sign(leaf)
    path = _onward([leaf], (*sent, *anchors.read_intermediates), anchors.read_roots)
    if any(each not in path for each in sent) or path[-1] in sent:
        raise Rejected(reasons.UNNEEDED_CERTIFICATE)
    for each in path:
        _in_time(each, at)
    return tuple(path)


def cleared(path: tuple[Certificate, ...], crls: Sequence[bytes], at: datetime) -> Chain:
    """Return the chain of a path whose every certificate but the root a list clears at a time."""
    found = [revocation.cleared(each, issuer, crls, at) for each, issuer in pairwise(path)]
    return Chain(
        certificates=path,
        crl_indexes=tuple(each.index for each in found),
        valid_from=max(each.not_before for each in path),
        valid_until=min(
            min(each.not_after for each in path) + _SECOND, *(each.until for each in found)
        ),
    )


def _may_sign(leaf: Certificate) -> None:
    """A signer is no authority, and its certificate says that it signs and stands by it."""
    usage = leaf.usage
    if leaf.authority or usage is None:
        raise Rejected(reasons.LEAF_USAGE)
    if not (usage.digital_signature and usage.content_commitment):
        raise Rejected(reasons.LEAF_USAGE)
    if leaf.purposes and not leaf.purposes & _PURPOSES:
        raise Rejected(reasons.LEAF_USAGE)


def _onward(
    path: list[Certificate], known: Sequence[Certificate], roots: Sequence[Certificate]
) -> list[Certificate]:
    """Return the first path to a root that stands; raises the reason why the last did not."""
    top = path[-1]
    why = _no_issuer(path)
    for issuer in _issuers(top, (*roots, *known)):
        if issuer in path:
            continue
        try:
            _may_issue(issuer, below=len(path) - 1)
            if not _signed_by(top, issuer):
                raise Rejected(reasons.CHAIN_BROKEN, Text("签发机构签名", "issuer's signature"))
            if issuer in roots:
                return [*path, issuer]
            if len(path) + 1 >= _LONGEST:
                raise Rejected(reasons.CHAIN_BROKEN, Text("长度", "length"))
            return _onward([*path, issuer], known, roots)
        except Rejected as error:
            why = error
    raise why


def _no_issuer(path: list[Certificate]) -> Rejected:
    top = path[-1]
    if top.authority or top.issuer == top.subject:
        return Rejected(reasons.UNTRUSTED_ROOT, top.name)
    return Rejected(reasons.ISSUER_MISSING, top.name)


def _issuers(certificate: Certificate, known: Sequence[Certificate]) -> Iterator[Certificate]:
    """Yield who could have issued a certificate, by name and, where told, by key."""
    for each in dict.fromkeys(known):
        if each.subject != certificate.issuer:
            continue
        if None not in (certificate.issuer_key_id, each.key_id) and (
            certificate.issuer_key_id != each.key_id
        ):
            continue
        yield each


def _may_issue(issuer: Certificate, below: int) -> None:
    """An authority says that it is one, for how many below it, and that it signs certificates.

    Purposes that it names hold for all below it, as OpenSSL reads them too: who may vouch for
    websites only vouches for nobody's decisions.
    """
    constraints = issuer.constraints
    if constraints is None or not constraints.ca:
        raise Rejected(reasons.CHAIN_BROKEN, Text("不是签发机构", "not an authority"))
    if constraints.path_length is not None and below > constraints.path_length:
        raise Rejected(reasons.CHAIN_BROKEN, Text("路径长度", "path length"))
    if issuer.usage is None or not issuer.usage.key_cert_sign:
        raise Rejected(reasons.CHAIN_BROKEN, Text("密钥用途", "key usage"))
    if issuer.purposes and not issuer.purposes & _PURPOSES:
        raise Rejected(reasons.CHAIN_BROKEN, Text("扩展密钥用途", "extended key usage"))


def _in_time(certificate: Certificate, at: datetime) -> None:
    if at < certificate.not_before:
        raise Rejected(reasons.CERTIFICATE_NOT_YET, certificate.name)
    if at > certificate.not_after:
        raise Rejected(reasons.CERTIFICATE_EXPIRED, certificate.name)
