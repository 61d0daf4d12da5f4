"""What signs: a token, a key in software. The builder of signatures asks for nothing else."""

from typing import Protocol


class Signer(Protocol):
    """A certificate and the way to sign with its key."""

    @property
    def certificate(self) -> bytes:
        """The signer's certificate, DER."""

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates of the authorities between it and the root, DER; without the root."""

    @property
    def algorithm(self) -> str:
        """The name of a row of ``usbkey.algorithms.TABLE``."""

    def sign(self, data: bytes) -> bytes:
        """Hash and sign; an ECDSA signature comes as DER. Raises the errors of usbkey.errors."""
