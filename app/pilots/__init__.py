"""Pilot regions: their rules, the bases of their caps, exports and outcomes (S26, R52, G18)."""
