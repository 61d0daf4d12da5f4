"""Signing in and deciding with one's own certificate (M4, R23)."""
