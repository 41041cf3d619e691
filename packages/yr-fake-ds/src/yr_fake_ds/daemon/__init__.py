"""The worker process: sockets in front, the store and the directory behind."""
