"""Makes the sample shipments' files from their titles.toml (see script/build-shipments)."""
