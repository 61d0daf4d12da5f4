"""A change of a holder's data, held against what is so now: when handed in, and when approved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.db import Transaction
from app.domain.account_changes import CREDIT_CODE, ChangeFacts
from app.domain.clock import local_day
from app.identity.details import details_of, is_taken, two_can_act
from app.services.account_changes.fields import BEFORE, data_fields, labels_of, shown_in, texts_of
from app.services.attachments.opening import opening_complete
from app.services.instance import Instance
from app.workflow.forms import Form


def facts_of_change(
    tx: Transaction, instance: Instance, form: Form, values: Mapping[str, Any], at: datetime
) -> ChangeFacts:
    """Return the snapshot of a change.

    Once handed in, the application keeps what was so then (``before``): that is what its
    applicant was shown.
    """
    holder, account = instance.applicant_id, instance.applicant_account_id
    asked, kept = texts_of(form, values), values.get(BEFORE)
    code = asked.get(CREDIT_CODE)
    return ChangeFacts(
        labels=labels_of(form),
        shown=texts_of(form, kept) if isinstance(kept, dict) else shown_in(form, values),
        current=texts_of(form, details_of(tx, holder, account)),
        asked=asked,
        opening_complete=opening_complete(tx, holder),
        code_taken=bool(code) and is_taken(tx, str(code), holder),
        two_can_act=two_can_act(tx, account, local_day(at)),
        said={(f.name, c.value): c.label for f in data_fields(form) for c in f.choices},
    )
