"""Chapter OBJ: the object client."""
