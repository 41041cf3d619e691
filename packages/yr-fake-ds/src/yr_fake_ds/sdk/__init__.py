"""The SDK's classes, argument checks and enumerations; user code sees them as `yr.datasystem`."""
