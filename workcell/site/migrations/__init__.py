"""Alembic migrations of the site store."""
