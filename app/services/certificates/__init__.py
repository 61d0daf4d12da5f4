"""Certificates of voluntary cancellation: printed for the parties, confirmed to anybody."""
