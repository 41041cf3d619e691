"""What the transport counts, for Prometheus and Ray's dashboard: see docs/metrics.md."""
