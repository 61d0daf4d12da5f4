"""Use cases of a holder's data: show them, ask for a change, compare old and new (M5, M37)."""
