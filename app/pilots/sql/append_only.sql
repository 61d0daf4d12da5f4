-- Rules, bases, exports and outcomes are on record: a correction is a new row.
SELECT audit.make_append_only(ARRAY['pilots.pilot', 'pilots.rule', 'pilots.authority',
    'pilots.base', 'pilots.export', 'pilots.export_item', 'pilots.outcome']);
