"""The matrix of CI jobs: read from ci/matrix.toml, checked, and rendered for each CI service.

    ci/matrix.toml ── reading ──► records ── agreement ──► cells ── rendering ──► .github/workflows
    ci/contents.py ─────────────────────────────┘                                 ci/templates

Run as `python -m matrix` with ci/ on the path of modules; `nox -s matrix` does it.
"""
