"""Who acts, as every service takes it: ``service(ctx, actor, ...)``."""

from app.identity.actor import Actor

__all__ = ["Actor"]
