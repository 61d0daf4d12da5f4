"""Units that are reductions: our own CCER, and those of another registry (G17).

A notice's CCER limit counts both (R10, G18).
"""

CCER = "ccer"
EXTERNAL = "external_ccer"
REDUCTIONS = frozenset({CCER, EXTERNAL})
