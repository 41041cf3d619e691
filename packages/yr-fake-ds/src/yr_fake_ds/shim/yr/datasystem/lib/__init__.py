"""`yr.datasystem.lib`, provided by yr-fake-ds: holds the names of the SDK's bindings."""
