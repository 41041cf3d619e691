"""LIFE: what a backend does while nodes, processes and drivers come and go."""
