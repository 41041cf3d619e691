"""A Sphinx extension: links to directories of the repository, which are no pages, lead somewhere.

The directory's README is its page, if the site has it; else the link leads to the repository. Links
to single files are MyST's own work: it puts the file beside the page.
"""

from __future__ import annotations

import pathlib
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def setup(app: Sphinx) -> dict[str, Any]:
    """Have every page looked through when it has been read; called by Sphinx."""
    app.add_config_value("repository_address", "", "env", str)
    app.connect("doctree-read", _lead_somewhere)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _lead_somewhere(app: Sphinx, page: nodes.document) -> None:
    for link in list(page.findall(pending_xref)):
        if link["reftype"] != "myst" or link.get("refdomain") == "doc":
            continue
        directory = ((ROOT / link["refdoc"]).parent / link["reftarget"]).resolve()
        if not directory.is_dir():
            continue
        name = directory.relative_to(ROOT).as_posix()
        if (directory / "README.md").exists():
            link["refdomain"], link["reftarget"] = "doc", f"{name}/README"
            link["reftargetid"] = None
        else:
            address = f"{app.config.repository_address}/tree/HEAD/{name}"
            link.replace_self(nodes.reference("", "", *link.children, refuri=address))
