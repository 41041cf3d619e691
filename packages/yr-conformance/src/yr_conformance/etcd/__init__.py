"""Where the suite gets an etcd from: an address, a container, a program on PATH, or a reason."""
