"""Which accounts ask for signatures: in production every one does (R23)."""

from app.db import Database


def require_everywhere(owner: Database) -> int:
    """Let every account ask for signatures that asks for none; as the owner; return how many.

    An account opened in a demonstration or a test may ask for none. When its database becomes
    one of production, it must not.
    """
    with owner.transaction() as tx:
        return tx.run(
            """UPDATE identity.account SET signature_policy = 'decisions'
               WHERE signature_policy = 'none'"""
        )
