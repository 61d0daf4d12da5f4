"""Custody: lots and their return to linked holders (M17-M23, R11-R18)."""
