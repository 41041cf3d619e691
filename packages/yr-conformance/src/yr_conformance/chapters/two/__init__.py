"""Chapter TWO: two workers on one metastore."""
