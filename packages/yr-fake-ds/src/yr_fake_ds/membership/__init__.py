"""Etcd mode: who belongs to the cluster, and which of its workers keeps the directory."""
