"""DEV: device calls of the SDK."""
