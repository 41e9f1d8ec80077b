"""Home pages and the audit trail as people read it."""
