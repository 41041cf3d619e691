"""COST: what one object costs, counted in calls, keys, bytes and copies."""
