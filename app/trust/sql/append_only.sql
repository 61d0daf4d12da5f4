-- What was trusted, bound, ended and signed stays on record.
SELECT audit.make_append_only(ARRAY['trust.anchor', 'trust.anchor_end', 'trust.crl',
    'trust.certificate', 'trust.certificate_end', 'trust.expiry_reminder', 'trust.signature',
    'trust.beginning']);
