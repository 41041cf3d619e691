"""What stands between the packages and a registry: each script is run by nox or by the workflow."""
