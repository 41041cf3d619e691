"""What the chapters XFER, GC and COST need besides the clauses: a Ray cluster, actors, evidence."""
