"""The database: mapped classes, and queries that take a session and never commit."""
