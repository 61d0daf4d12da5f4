"""A secret on its way out: sealed in the outbox, opened only when the message leaves (M2).

Whoever reads the database, or a copy of it, reads no code there; the key is made of SECRET_KEY,
which lies in no table.
"""

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE = b"registry: codes in the outbox"


def seal(secret_key: str, text: str) -> str:
    """Return a text that only this registry opens."""
    return _box(secret_key).encrypt(text.encode()).decode()


def unseal(secret_key: str, sealed: str) -> str:
    """Return what was sealed; raises cryptography.fernet.InvalidToken for anything else."""
    return _box(secret_key).decrypt(sealed.encode()).decode()


def _box(secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
