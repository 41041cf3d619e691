"""How the control plane grows with nodes and actors: parts of `register_on_many_nodes.py`."""
