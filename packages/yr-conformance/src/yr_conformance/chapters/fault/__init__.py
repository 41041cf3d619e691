"""Chapter FAULT: what calls and transfers see of faults, and how they recover."""
