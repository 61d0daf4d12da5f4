"""``registry verify`` finds a decision whose signature is missing, or not what was signed (R23)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.ledger.verify import Report
from app.services.signing.software_people import equip
from app.services.verify import verify
from tests.services.market import APPROVE, PE21, RETURN, Market, lines, superuser

UNSIGNED, UNLIKE = "decisions without a signature", "decisions rewritten"
WRONG, OTHER = "signatures that do not stand", "signatures over something else"
STRANGER = "signatures of another person"


def signing(market: Market, **settings: object) -> None:
    """From now on everybody signs, with keys that the server derives."""
    changed = replace(market.ctx.settings, signatures=True, **settings)
    market.ctx = replace(market.ctx, settings=changed)


@pytest.fixture
def a_signed_year(a_market: Market) -> Market:
    """An application that was returned, handed in again and approved: four signed decisions."""
    signing(a_market)
    a_market.change("UPDATE identity.account SET signature_policy = 'decisions'")
    equip(a_market.ctx)
    emitter, officer = a_market.actor("emitter"), a_market.actor("province")
    form = lines(**{PE21: 250})
    instance = a_market.begin(emitter, a_market.notice(), form)
    a_market.decide(officer, instance, RETURN)
    a_market.decide(emitter, instance, form)
    a_market.decide(officer, instance, APPROVE)
    return a_market


def tampered(market: Market, *statements: str) -> Report:
    """Change the database as somebody with all rights and no scruples would; then verify."""
    with superuser(market.database) as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgenabled = 'A'"
        )
        guards = cursor.fetchall()
        for table, name in guards:
            cursor.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{name}"')
        for sql in statements:
            cursor.execute(sql)
            assert cursor.rowcount > 0, sql
        for table, name in guards:
            cursor.execute(f'ALTER TABLE {table} ENABLE ALWAYS TRIGGER "{name}"')
    return verify(market.ctx)


@pytest.mark.database
def test_signed_decisions_verify(a_signed_year: Market) -> None:
    report = verify(a_signed_year.ctx)
    assert report.ok, list(report.lines())
    assert "4 decisions, 4 signed" in list(report.lines())


FIRST = "(SELECT min(id) FROM workflow.decision)"
LAST = "(SELECT max(id) FROM workflow.decision)"
REHASHED = f"""UPDATE workflow.decision SET leaf = sha256('\\x00'::bytea || document)
    WHERE id IN ({FIRST}, {LAST})"""


def in_document(of: str, json: str) -> str:
    """Rewrite a member of a decision's own document."""
    return f"""UPDATE workflow.decision SET document = convert_to(
        ({json})::text, 'UTF8') WHERE id = {of}"""


DOCUMENT = "convert_from(document, 'UTF8')::jsonb"
EACH_OTHER = f"(s.decision_id, o.decision_id) IN (({FIRST}, {LAST}), ({LAST}, {FIRST}))"
SWAPPED = "UPDATE trust.signature s SET {} FROM trust.signature o WHERE " + EACH_OTHER
TAMPERINGS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "a signature swapped with another decision's": (
        (SWAPPED.format("document = o.document, cms = o.cms"),),
        {OTHER, STRANGER},
    ),
    "a signature of the same person for another decision": (
        (
            """UPDATE trust.signature s SET document = o.document, cms = o.cms
               FROM trust.signature o, workflow.decision d, workflow.decision p
               WHERE d.id = s.decision_id AND p.id = o.decision_id AND d.id > p.id
                 AND d.person_id = p.person_id""",
        ),
        {OTHER},
    ),
    "only the signatures swapped, not the documents": (
        (SWAPPED.format("cms = o.cms"),),
        {WRONG},
    ),
    "another quantity in the signed document": (
        (
            f"""UPDATE trust.signature SET document = convert_to(replace(
                convert_from(document, 'UTF8'), '"quantity":"250"', '"quantity":"251"'), 'UTF8')
                WHERE decision_id = {FIRST}""",
        ),
        {OTHER, WRONG},
    ),
    "another quantity in the signed document, and the decision names it": (
        (
            f"""UPDATE trust.signature SET document = convert_to(replace(
                convert_from(document, 'UTF8'), '"quantity":"250"', '"quantity":"251"'), 'UTF8')
                WHERE decision_id = {FIRST}""",
            in_document(
                FIRST,
                f"""{DOCUMENT} || jsonb_build_object('signed', (SELECT
                    encode(sha256(s.document), 'hex') FROM trust.signature s
                    WHERE s.decision_id = {FIRST}))""",
            ),
            REHASHED,
        ),
        {OTHER, WRONG},
    ),
    "a signed document that is none": (
        (f"UPDATE trust.signature SET document = 'x' WHERE decision_id = {FIRST}",),
        {OTHER, WRONG},
    ),
    "the certificate of another person": (
        (
            f"""UPDATE trust.signature s SET certificate_id = o.certificate_id
                FROM trust.signature o WHERE s.decision_id = {FIRST} AND o.decision_id = {LAST}""",
        ),
        {STRANGER},
    ),
    "a certificate that was given to another person": (
        (
            f"""UPDATE trust.certificate c SET person_id = (SELECT min(p.id) FROM identity.person p
                    WHERE p.id <> c.person_id)
                WHERE c.id = (SELECT certificate_id FROM trust.signature
                              WHERE decision_id = {FIRST})""",
        ),
        {STRANGER},
    ),
    "a decision that says another person took it": (
        (
            f"""UPDATE workflow.decision d SET person_id = (SELECT min(p.id) FROM identity.person p
                 WHERE p.id <> d.person_id) WHERE id = {FIRST}""",
        ),
        {UNLIKE, OTHER, STRANGER},
    ),
    "a missing signature": (
        (f"DELETE FROM trust.signature WHERE decision_id = {LAST}",),
        {UNSIGNED},
    ),
    "a missing signature, and an account that no longer asks for one": (
        (
            f"DELETE FROM trust.signature WHERE decision_id = {LAST}",
            "UPDATE identity.account SET signature_policy = 'none'",
        ),
        {UNSIGNED},
    ),
    "a missing signature that the decision no longer names": (
        (
            f"DELETE FROM trust.signature WHERE decision_id = {LAST}",
            in_document(LAST, f"{DOCUMENT} - 'signed'"),
            REHASHED,
        ),
        {UNSIGNED},
    ),
    "a signature without its decision": (
        (f"DELETE FROM workflow.decision WHERE id = {FIRST}",),
        {"signatures without a decision"},
    ),
    "another verdict": (
        ("UPDATE workflow.decision SET verdict = 'approve' WHERE verdict = 'return'",),
        {UNLIKE, OTHER},
    ),
    "another verdict in the row and its document": (
        (
            f"UPDATE workflow.decision SET verdict = 'return' WHERE id = {LAST}",
            in_document(LAST, f"""{DOCUMENT} || '{{"verdict": "return"}}'"""),
            REHASHED,
        ),
        {OTHER},
    ),
    "another opinion in the row and its document": (
        (
            f"UPDATE workflow.decision SET opinion = 'x' WHERE id = {LAST}",
            in_document(LAST, f"""{DOCUMENT} || '{{"opinion": "x"}}'"""),
            REHASHED,
        ),
        {OTHER},
    ),
    "another content that was decided on": (
        (
            in_document(LAST, f"jsonb_set({DOCUMENT}, '{{content,lines,0,quantity}}', '\"249\"')"),
            REHASHED,
        ),
        {OTHER},
    ),
    "another form that was handed in": (
        (
            in_document(FIRST, f"jsonb_set({DOCUMENT}, '{{form,lines,0,quantity}}', '\"249\"')"),
            REHASHED,
        ),
        {OTHER},
    ),
    "another account acted for": (
        (
            f"""UPDATE workflow.decision d SET account_id = (SELECT min(a.id)
                FROM identity.account a WHERE a.id <> d.account_id) WHERE id = {LAST}""",
        ),
        {UNLIKE, OTHER},
    ),
    "another application": (
        ("UPDATE workflow.instance SET number = number || '1'",),
        {UNLIKE, OTHER},
    ),
    "another time": (
        ("UPDATE workflow.decision SET at = at + interval '1 day'",),
        {UNLIKE, OTHER},
    ),
    "a time after the lists had run out": (
        (
            "UPDATE workflow.decision SET at = at + interval '90 days'",
            "UPDATE trust.signature SET at = at + interval '90 days'",
        ),
        {UNLIKE, WRONG},
    ),
    "another number that was used up": (
        ("UPDATE trust.signature SET nonce = sha256(nonce)",),
        {OTHER},
    ),
    "no lists of revoked certificates": (
        ("UPDATE trust.signature SET crl_ids = '{}'",),
        {WRONG},
    ),
    "lists that are gone": (("DELETE FROM trust.crl",), {WRONG}),
    "an authority that nobody believed": (("DELETE FROM trust.anchor",), {WRONG}),
    "an authority that was believed only afterwards": (
        ("UPDATE trust.anchor SET at = at + interval '10 years'",),
        {WRONG},
    ),
    "a certificate that had ended before": (
        (
            """INSERT INTO trust.certificate_end (certificate_id, reason, at)
               SELECT id, 'lost', at FROM trust.certificate""",
        ),
        {WRONG},
    ),
    "a certificate put in another's place": (
        (
            """UPDATE trust.certificate c SET der = o.der FROM trust.certificate o
               WHERE o.id = (SELECT min(id) FROM trust.certificate) AND c.id <> o.id""",
        ),
        {"certificates"},
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_verify_finds(a_signed_year: Market, name: str) -> None:
    statements, kinds = TAMPERINGS[name]
    report = tampered(a_signed_year, *statements)
    found = {k for k in report.faults if k in {UNSIGNED, UNLIKE, WRONG, OTHER, STRANGER} | kinds}
    assert found == kinds, list(report.lines())
    assert list(report.lines())[-1] == "verify: FAILED"


LATER: dict[str, str] = {
    "a certificate that is ended afterwards": """INSERT INTO trust.certificate_end
        (certificate_id, reason, at) SELECT id, 'lost', at + interval '5 years'
        FROM trust.certificate""",
    "an authority that is believed no more": """INSERT INTO trust.anchor_end (anchor_id, at)
        SELECT id, at + interval '5 years' FROM trust.anchor""",
    "an account that asks for no signature any more": """UPDATE identity.account
        SET signature_policy = 'none'""",
    "a holder that has another name by now": "UPDATE identity.holder SET name = name || '（新）'",
    "a holder whose name is too long to be signed by now": (
        "UPDATE identity.holder SET name = repeat('长', 301)"
    ),
}


@pytest.mark.parametrize("name", LATER)
def test_earlier_signatures_stay_valid_after(a_signed_year: Market, name: str) -> None:
    report = tampered(a_signed_year, LATER[name])
    assert report.ok, list(report.lines())


@pytest.mark.database
def test_verify_finds_a_guard_that_was_switched_off(a_signed_year: Market) -> None:
    with superuser(a_signed_year.database) as cursor:
        cursor.execute("ALTER TABLE workflow.decision DISABLE TRIGGER guard_decision")
        cursor.execute("DROP TRIGGER append_only_row ON trust.signature")
    found = verify(a_signed_year.ctx).faults["guards"]
    assert {text.split(" is ")[0] for text in found} == {
        "trigger guard_decision of workflow.decision",
        "trigger append_only_row of trust.signature",
    }


@pytest.mark.database
def test_what_was_decided_before_anybody_signed_needs_no_signature(a_signed_year: Market) -> None:
    old = (
        f"DELETE FROM trust.signature WHERE decision_id = {FIRST}",
        in_document(FIRST, f"{DOCUMENT} - 'signed'"),
        REHASHED,
    )
    assert UNSIGNED in tampered(a_signed_year, *old).faults
    report = tampered(a_signed_year, f"UPDATE trust.beginning SET last_unsigned = {FIRST}")
    assert report.ok, list(report.lines())
    assert "1 decisions from before decisions were signed" in list(report.lines())


def test_production_believes_no_authority_of_a_demonstration(a_signed_year: Market) -> None:
    signing(a_signed_year, environment="production", software_signer=False)
    found = verify(a_signed_year.ctx).faults
    assert set(found) == {WRONG, "software certificates in use"}
    assert len(found[WRONG]) == 4


@pytest.mark.database
def test_production_reports_accounts_that_ask_for_no_signature(a_signed_year: Market) -> None:
    a_signed_year.change(
        "UPDATE identity.account SET signature_policy = 'none' WHERE type = 'custody'"
    )
    assert verify(a_signed_year.ctx).ok
    signing(a_signed_year, environment="production")
    [(number,)] = a_signed_year.rows("SELECT number FROM identity.account WHERE type = 'custody'")
    found = verify(a_signed_year.ctx).faults
    assert found["accounts that ask for no signature"] == [f"account {number}"]
    assert set(found) == {"accounts that ask for no signature", "software certificates in use"}


@pytest.mark.database
def test_memory_holds_one_batch_of_decisions(
    a_signed_year: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.db import Transaction

    sizes = []
    batches: Callable[..., object] = Transaction.batches

    def watched(self: Transaction, sql: str, params: object = None, size: int = 1000) -> object:
        for batch in batches(self, sql, params, 3):
            sizes.append(len(batch))
            yield batch

    monkeypatch.setattr(Transaction, "batches", watched)
    assert verify(a_signed_year.ctx).ok
    assert sizes == [3, 1]
