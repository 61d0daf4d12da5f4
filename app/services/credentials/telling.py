"""Who hears of a change of a certificate: its person; of a loss the registry's officers (M2)."""

from datetime import datetime, timedelta

from app.db import Transaction
from app.domain.clock import local_day
from app.domain.label import Label
from app.messages import credential_texts as texts
from app.services.context import Context
from app.services.signing import enrolment
from app.services.telling.personal import tell
from app.services.telling.plan import AT_HOME

REASONS = {
    "lost": Label("遗失", "lost"),
    "revoked": Label("吊销", "revoked"),
    "compromised": Label("泄露", "compromised"),
    "replaced": Label("更换", "replaced"),
    "left": Label("代表离任", "the representative left"),
}


def send_codes(
    ctx: Context, tx: Transaction, person_id: int, decision_id: int, at: datetime
) -> None:
    """Draw the two codes and send each its own way: one by e-mail, the other by SMS (M2)."""
    reference, code = enrolment.issue(tx, person_id, decision_id, at)
    until, url = at + enrolment.LIFETIME, _url(ctx)
    tell(ctx, tx, person_id, "email", texts.reference_email(until, url), at, reference)
    tell(ctx, tx, person_id, "sms", texts.code_sms(until), at, code)


def tell_ended(
    ctx: Context, tx: Transaction, certificate_id: int, reason: str, at: datetime
) -> None:
    """Tell a certificate's person that it signs nothing more, and why."""
    person_id, about = _about(tx, certificate_id)
    written = texts.ended_email(about, REASONS[reason], at, _url(ctx))
    tell(ctx, tx, person_id, "email", written, at)


def tell_expiring(ctx: Context, tx: Transaction, certificate_id: int, at: datetime) -> None:
    """Tell a certificate's person in how many days it runs out."""
    person_id, about = _about(tx, certificate_id)
    days = max(1, -(-(about.not_after - at) // timedelta(days=1)))
    written = texts.expiring_email(about, days, _url(ctx))
    tell(ctx, tx, person_id, "email", written, at)


def tell_officers(ctx: Context, tx: Transaction, member_no: str, at: datetime) -> None:
    """Tell the registry operator that somebody reported their key as lost."""
    tx.run(
        """INSERT INTO workflow.notification (holder_id, template, text, text_en, created_at)
           SELECT id, 'certificate_lost', %(zh)s, %(en)s, %(at)s FROM identity.holder
           WHERE role = 'registry_operator'""",
        {
            "zh": f"会员 {member_no} 报失数字证书，证书已即时终止。",
            "en": f"Member {member_no} reported a key as lost; the certificate has ended.",
            "at": at,
        },
    )
    officers = tx.all(
        """SELECT DISTINCT p.id FROM identity.holder h JOIN identity.account a ON a.holder_id = h.id
           JOIN identity.mandate m ON m.account_id = a.id
           JOIN identity.person p ON p.id = m.person_id
           WHERE h.role = 'registry_operator' AND m.rights IN ('both', 'confirm')
             AND p.closed_at IS NULL AND m.valid_from <= %(today)s
             AND (m.valid_to IS NULL OR m.valid_to >= %(today)s) ORDER BY p.id""",
        {"today": local_day(at)},
    )
    for (person_id,) in officers:
        tell(ctx, tx, person_id, "email", texts.reported_email(member_no, at, _url(ctx)), at)


def _about(tx: Transaction, certificate_id: int) -> tuple[int, texts.About]:
    row = tx.one(
        """SELECT person_id, encode(fingerprint, 'hex'), not_after FROM trust.certificate
           WHERE id = %(id)s""",
        {"id": certificate_id},
    )
    if row is None:
        raise LookupError(f"there is no certificate {certificate_id}")
    return int(row[0]), texts.About(row[1][:16], row[2])


def _url(ctx: Context) -> str:
    return ctx.settings.public_url or AT_HOME
