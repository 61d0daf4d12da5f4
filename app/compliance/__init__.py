"""Compliance years, notices, and what may be surrendered for them."""
