"""GC: what becomes of objects, keys and memory afterwards, and when something dies."""
