"""Schema revisions, and how a database is brought to the present one."""
