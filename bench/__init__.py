"""`make bench`: what the registry costs, as ratios measured side by side on one machine.

A machine's speed drifts, so nothing here is worth anything alone: contenders take turns, and
each row is a median with its ratio to the row it is compared with.
"""
