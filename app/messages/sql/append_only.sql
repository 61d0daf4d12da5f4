-- What was told to whom, and what became of it, is never edited.
SELECT audit.make_append_only(ARRAY['messages.message', 'messages.attempt']);
