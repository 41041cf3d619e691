"""The manifests for Kubernetes are what its schemas allow."""

from __future__ import annotations

import kubernetes_validate
import pytest
import yaml
from blocks import ROOT

MANIFESTS = sorted((ROOT / "docs" / "howto" / "kubernetes").glob("*.yaml"))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_manifest_is_valid(path: object) -> None:
    """Strictly: no field that Kubernetes does not know."""
    with open(str(path), encoding="utf-8") as file:
        objects = list(yaml.safe_load_all(file))

    assert objects
    for one in objects:
        kubernetes_validate.validate(one, str(kubernetes_validate.latest_version()), strict=True)


def test_a_field_that_does_not_exist_is_refused() -> None:
    """The check above can fail."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "specs": {}}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(pod, str(kubernetes_validate.latest_version()), strict=True)
