"""CCER for pilot regions: what the checks compare, bases, exports, who runs a pilot (S26, R52)."""
