"""Certificates of voluntary cancellation: who cancelled what, for whom (M24, S25, W11)."""
