"""What ``registry verify`` asks the database about signatures, beside checking each (R23, W10).

Every query gives one column of plain text, one row for each fault; no row means agreement. They
look for what a process that was taken over could write with the application's own rights.
"""

from collections.abc import Mapping

# A signature without a decision of a person.
ALONE = """
SELECT format('signature of decision %s: there is no such decision of a person', s.decision_id)
FROM trust.signature s LEFT JOIN workflow.decision d ON d.id = s.decision_id
WHERE d.id IS NULL OR d.kind = 'timer' ORDER BY s.decision_id"""

FORGED = """
SELECT format('%s %s is not what its fingerprint says', k.kind, k.id)
FROM (SELECT 'anchor' AS kind, id, fingerprint, der FROM trust.anchor
      UNION ALL SELECT 'certificate', id, fingerprint, der FROM trust.certificate) k
WHERE k.fingerprint <> sha256(k.der) ORDER BY 1"""

# Only what a person completes moves units or changes data: a withdrawal needs no signature, and
# what a timer does nobody signs, so neither may carry an approval.
SIDEWAYS = """
SELECT format('%s stands on decision %s, which is of kind %s', s.what, s.decision_id, d.kind)
FROM (
    SELECT format('the %s event of transfer %s', v.kind, v.transfer_id) AS what, v.decision_id
    FROM ledger.transfer_event v WHERE v.kind <> 'voided'
    UNION ALL SELECT format('link %s of custody', id), decision_id FROM ledger.custody_link
    UNION ALL SELECT format('claim of instrument %s', instrument_id), decision_id
        FROM ledger.external_claim
    UNION ALL SELECT format('cancellation elsewhere of transfer %s', transfer_id), decision_id
        FROM ledger.external_cancellation
    UNION ALL SELECT format('outcome of application %s', instance_id), decision_id
        FROM pilots.outcome
    UNION ALL SELECT format('version %s of the data of holder %s', version, holder_id), decision_id
        FROM identity.holder_detail
    UNION ALL SELECT format('binding of certificate %s', id), decision_id FROM trust.certificate
    UNION ALL SELECT format('end of certificate %s', certificate_id), decision_id
        FROM trust.certificate_end) s
JOIN workflow.decision d ON d.id = s.decision_id
WHERE d.kind <> 'complete' ORDER BY s.decision_id"""

# Units move on a decision that says so, and never on one that returned the application: the
# signature of an earlier decision, or of a return, would pass for an approval otherwise.
OTHERWISE = """
SELECT format('transfer %s was posted on decision %s, which decided otherwise', v.transfer_id, d.id)
FROM ledger.transfer_event v JOIN workflow.decision d ON d.id = v.decision_id
WHERE v.kind = 'posted' AND (d.verdict = 'return' OR NOT EXISTS (
    SELECT FROM jsonb_array_elements(convert_from(d.document, 'UTF8')::jsonb->'effects') AS e
    WHERE e->>'op' IN ('post', 'direct', 'external_mark')
      AND coalesce(e->'request'->>'transfer_id', v.transfer_id::text) = v.transfer_id::text))
ORDER BY d.id"""

TIMERS = """
SELECT format('decision %s: a timer decided in somebody''s place', d.id) FROM workflow.decision d
WHERE d.kind = 'timer' AND (num_nonnulls(d.person_id, d.account_id, d.holder_id) > 0
    OR d.element_id <> 'timer' OR d.verdict <> '' OR d.role <> 'system') ORDER BY d.id"""

# Checked against a list that had been replaced before: a key that was revoked could sign on. Who
# decides while a list is being loaded may still have seen the one before, for some minutes.
REPLACED = """
WITH list AS (
    SELECT c.id, c.number, lead(c.at) OVER (PARTITION BY c.anchor_id ORDER BY c.number) AS until
    FROM trust.crl c)
SELECT format('decision %s was checked against list %s, which had been replaced', s.decision_id,
              l.number)
FROM trust.signature s CROSS JOIN LATERAL unnest(s.crl_ids) AS used (id)
JOIN list l ON l.id = used.id
WHERE l.until < s.at - interval '5 minutes' ORDER BY s.decision_id"""

# M2: bound by codes that this person used for it.
UNASKED_FOR = """
SELECT format('certificate %s of person %s was bound without codes', c.id, c.person_id)
FROM trust.certificate c
WHERE NOT c.software AND NOT EXISTS (
    SELECT FROM trust.enrolment e WHERE e.person_id = c.person_id AND e.used_at = c.at
      AND e.decision_id IS NOT DISTINCT FROM c.decision_id)
ORDER BY c.id"""

EVERYWHERE: Mapping[str, str] = {
    "signatures without a decision": ALONE,
    "certificates": FORGED,
    "what stands on no decision of a person": SIDEWAYS,
    "what stands on another decision": OTHERWISE,
    "timers": TIMERS,
    "lists of revoked certificates": REPLACED,
    "certificates bound without codes": UNASKED_FOR,
}

# In production everybody signs, and with a key of their own.
UNSIGNING = """
SELECT format('account %s', a.number) FROM identity.account a
WHERE a.signature_policy = 'none' ORDER BY a.id"""

SOFTWARE = """
SELECT format('certificate %s of person %s', c.id, c.person_id)
FROM trust.certificate c LEFT JOIN trust.certificate_end e ON e.certificate_id = c.id
WHERE c.software AND e.certificate_id IS NULL ORDER BY c.id"""

IN_PRODUCTION: Mapping[str, str] = {
    "accounts that ask for no signature": UNSIGNING,
    "software certificates in use": SOFTWARE,
}
