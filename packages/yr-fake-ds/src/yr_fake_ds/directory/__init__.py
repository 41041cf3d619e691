"""The directory: which keys exist, in which version, and which workers have copies.

In metastore mode the head worker hosts it. A worker asks it before it answers a client, so a copy
of an old version is never given out; telling workers to drop such copies only frees memory.
"""
