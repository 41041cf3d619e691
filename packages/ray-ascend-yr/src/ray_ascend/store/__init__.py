"""The datasystem as one process sees it: its worker, its clients, and whose keys are whose."""
