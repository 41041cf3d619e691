"""The clauses, one package a chapter."""
