"""Numbered business checks: 1xxx accounts, 2xxx units, 3xxx compliance.

31xx are those of pilot regions, 32xx those of another registry's reductions. Which of them run
for a movement, the transaction type says (transaction_types.toml). All of them run; all that
fail are shown at once. The same checks serve a page, the API, a file, a job.
"""

from app.domain.checks import accounts, compliance, custody, external, pilots, units
from app.domain.checks.check import Check
from app.domain.checks.facts import Facts
from app.domain.findings import Finding

CHECKS: dict[str, Check] = {
    check.code: check
    for check in (
        *accounts.CHECKS,
        *units.CHECKS,
        *custody.CHECKS,
        *compliance.CHECKS,
        *pilots.CHECKS,
        *external.CHECKS,
    )
}


def run_checks(facts: Facts) -> list[tuple[Check, list[Finding]]]:
    """Run the checks of the transaction type; return each with what it found."""
    return [(CHECKS[code], CHECKS[code].findings(facts)) for code in facts.type.checks]


def findings(facts: Facts) -> list[Finding]:
    """Return all that fail."""
    return [finding for _, found in run_checks(facts) for finding in found]
