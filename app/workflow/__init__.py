"""Diagrams: parsed, checked, run and saved; the only importer of SpiffWorkflow."""
