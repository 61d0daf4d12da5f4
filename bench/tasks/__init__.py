"""One human task of compliance.bpmn, done in three ways that write the same rows."""
