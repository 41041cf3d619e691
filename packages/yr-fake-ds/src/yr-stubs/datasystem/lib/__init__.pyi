"""`yr.datasystem.lib`, as the fake has it."""
