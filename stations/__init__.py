"""Stations: what happens to a book at one place; one file a station."""
