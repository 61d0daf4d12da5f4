"""Reductions of another registry: claimed, surrendered after their cancellation, released (G17)."""
