"""What runs the datasystem in a Ray cluster: a coordinator, a supervisor and a worker a node."""
