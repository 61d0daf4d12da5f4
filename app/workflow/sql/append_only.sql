-- What an auditor reads years later is never edited: decisions, bundles and who took part.
SELECT audit.make_append_only(ARRAY['workflow.decision', 'workflow.bundle',
    'workflow.bundle_file', 'workflow.deployment', 'workflow.participant', 'workflow.party', 'workflow.comment',
    'workflow.bulk_job']);
