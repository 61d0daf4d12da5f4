"""The append-only history of the registry."""
