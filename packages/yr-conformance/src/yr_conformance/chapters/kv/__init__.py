"""Chapter KV: the key-value client."""
