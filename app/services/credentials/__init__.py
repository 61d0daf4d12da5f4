"""Use cases of people's certificates: who has which, change by two officers, loss (M2, R23)."""
