"""Sets up, starts, tests and supervises a registry; the registry itself knows nothing of it."""
