"""How a backend is set up: drivers that register under settings of a test's choice."""
