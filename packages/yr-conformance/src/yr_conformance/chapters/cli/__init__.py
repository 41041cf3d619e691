"""Chapter CLI: dscli."""
