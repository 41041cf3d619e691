"""Chapter TWO: two workers of one cluster."""
