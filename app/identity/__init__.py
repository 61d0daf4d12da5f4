"""Holders, accounts, persons, mandates, sessions: who may act, and for whom."""
