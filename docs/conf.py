"""How Sphinx makes the site; `nox -s docs` calls it.

The root of the sources is the repository's: pages of packages are read where they lie, so that
their links hold here, on a code host and below `share/doc` of an environment alike.
"""

from __future__ import annotations

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "ci"), str(ROOT / "ci" / "pages")]
SOURCES = [str(path) for path in sorted((ROOT / "packages").glob("*/src"))]
sys.path[:0] = SOURCES
# For the commands whose help a page shows.
os.environ["PYTHONPATH"] = os.pathsep.join(SOURCES)
os.environ["COLUMNS"] = "90"

from contents import REPOSITORY  # noqa: E402 - found by the lines above

project = "ray-ascend-yr"
author = "the authors of ray-ascend-yr"
root_doc = "docs/index"
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/**.md",
    "packages/*/README.md",
    "packages/*/docs/*.md",
]
exclude_patterns = [".*", "build", "ci", "dist", "reports", "packages/*/src", "packages/*/tests"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "sphinxcontrib.programoutput",
    "repository_links",
]
repository_address = REPOSITORY
nitpicky = False

myst_enable_extensions = ["attrs_block"]
myst_heading_anchors = 4

default_role = "code"
program_output_prompt_template = "$ {command}\n{output}"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
# A page about them needs neither: they are large, and the site's environment is small.
autodoc_mock_imports = ["ray", "torch", "torch_npu", "numpy", "psutil", "packaging"]

html_theme = "furo"
html_title = "ray-ascend-yr"
html_static_path = ["_static"]
templates_path = ["_templates"]
# Whoever opens the directory finds the first page, which lies below docs/.
html_additional_pages = {"index": "front_door.html"}
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
html_theme_options = {
    "source_view_link": f"{REPOSITORY}/blob/HEAD/{{filename}}",
    "source_edit_link": f"{REPOSITORY}/edit/HEAD/{{filename}}",
}
copybutton_prompt_text = r"\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
