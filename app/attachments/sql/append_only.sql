-- What was handed in, and what was decided on with it, is never edited and never thrown away.
SELECT audit.make_append_only(ARRAY['attachments.blob', 'attachments.attachment',
    'attachments.binding']);
