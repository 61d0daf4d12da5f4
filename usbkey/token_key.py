"""A key on a token where ``cryptography`` asks for a private key: to sign requests and CRLs.

``cryptography`` asks such a key for a signature and its public half, nothing else; all else is
refused, because the private key never leaves the token.
"""

from typing import Any, NoReturn

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from usbkey.algorithms import UnknownAlgorithm
from usbkey.profile import SubjectKey
from usbkey.signer import Signer


def token_key(public_key: SubjectKey, signer: Signer) -> "EcTokenKey | RsaTokenKey":
    """The key behind a signer; raises UnknownAlgorithm for one of another kind."""
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return EcTokenKey(public_key, signer)
    if isinstance(public_key, rsa.RSAPublicKey):
        return RsaTokenKey(public_key, signer)
    raise UnknownAlgorithm(f"no way of signing for a {type(public_key).__name__}")


class _Stays:
    """What a token does not do with a key."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError("the key stays on its token and only signs")

    __copy__ = __deepcopy__ = _refuse
    private_numbers = private_bytes = exchange = decrypt = _refuse


class EcTokenKey(_Stays, ec.EllipticCurvePrivateKey):
    """A P-256 key."""

    def __init__(self, public_key: ec.EllipticCurvePublicKey, signer: Signer) -> None:
        self._public_key = public_key
        self._signer = signer

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The half that everybody may know."""
        return self._public_key

    @property
    def curve(self) -> ec.EllipticCurve:
        """Its curve."""
        return self._public_key.curve

    @property
    def key_size(self) -> int:
        """Bits."""
        return self._public_key.key_size

    def sign(self, data: Any, signature_algorithm: Any) -> bytes:
        """Sign by SHA-256."""
        _require_sha256(signature_algorithm.algorithm)
        return self._signer.sign(bytes(data))


class RsaTokenKey(_Stays, rsa.RSAPrivateKey):
    """An RSA key."""

    def __init__(self, public_key: rsa.RSAPublicKey, signer: Signer) -> None:
        self._public_key = public_key
        self._signer = signer

    def public_key(self) -> rsa.RSAPublicKey:
        """The half that everybody may know."""
        return self._public_key

    @property
    def key_size(self) -> int:
        """Bits."""
        return self._public_key.key_size

    def sign(self, data: Any, padding: Any, algorithm: Any) -> bytes:
        """Sign by SHA-256 and PKCS #1 v1.5."""
        _require_sha256(algorithm)
        if padding.name != "EMSA-PKCS1-v1_5":
            raise UnknownAlgorithm("tokens sign by PKCS #1 v1.5 here")
        return self._signer.sign(bytes(data))


def _require_sha256(algorithm: Any) -> None:
    if algorithm.name != "sha256":
        raise UnknownAlgorithm("tokens sign by SHA-256 here")
