"""The schema's history: one file of tables a room, then the guards; the same on SQLite and PostgreSQL."""
