"""The site: Sphinx reads the Markdown pages as they are on a git host (`make docs`)."""

import re
from importlib import import_module
from importlib.metadata import version as installed
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]

project = "whypretrain"
version = release = installed("whypretrain")
root_doc = "docs/index"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
include_patterns = ["*.md", "docs/**"]
exclude_patterns = [path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "docs"]
exclude_patterns += ["docs/_build", "docs/pages", "docs/results"]

html_theme = "furo"
html_title = "whypretrain"
html_show_copyright = False
myst_heading_anchors = 3

templates_path = ["docs/_templates"]  # below the source folder, which is the checkout
autosummary_generate_overwrite = True
napoleon_use_ivar = True
napoleon_custom_sections = ["Returns"]  # prose, without a type before its first colon
maximum_signature_line_length = 100
autodoc_default_options = {"members": True, "member-order": "bysource", "exclude-members": "model_config"}
python_use_unqualified_type_names = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other libraries and of private modules; pages have no such roles


def _navigation(app: Sphinx, page: str, source: list[str]) -> None:
    """Append tables of contents: to the first page one for each of its lists, to any other its folder."""
    if page == root_doc:
        for title, body in re.findall(r"^## (.+)\n((?:(?!## ).*\n)+)", source[0], re.MULTILINE):
            source[0] += _contents(re.findall(r"^- \[.+?\]\((.+?)\.md\)", body, re.MULTILINE), title)
    elif folder := sorted((ROOT / page).glob("*.md")):
        source[0] += _contents([f"{Path(page).name}/{path.stem}" for path in folder])


def _contents(pages: list[str], title: str = "") -> str:
    return "\n".join(["\n```{toctree}", ":hidden:", *([f":caption: {title}"] if title else []), "", *pages, "```", ""])


def _plain(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Turn a docstring into reStructuredText: backticks mean code, other signs themselves, `a, b: text` two names."""

    def written(found: re.Match[str]) -> str:
        if found["names"]:
            return found["names"].replace(", ", ",")  # a blank would end the name
        return f"``{found['code']}``" if found["code"] else f"\\{found['sign']}" if found["sign"] else found[0]

    lines[:] = _SPECIAL.sub(written, "\n".join(lines)).split("\n")
    if what in ("attribute", "property"):
        lines.insert(0, "\\")  # what is before the first colon of the first line would be read as a type


_SPECIAL = re.compile(
    r"^ *>>> (?:.*\S.*\n?)+"  # an example stays as it is
    r"|^(?P<names> +(?:\w+, )+\w+)(?=: )"
    r"|(?<!`)`(?P<code>[^`]+)`(?!`)"
    r"|(?P<sign>[|*]|(?<=\w)_(?![\w,:]))",
    re.MULTILINE,
)


def _signature(app: Sphinx, what: str, name: str, obj: object, *_: object) -> tuple[str, None] | None:
    """No signature for a section of the config: its keys are listed below with their types."""
    return ("", None) if hasattr(obj, "model_fields") else None


def setup(app: Sphinx) -> None:
    """Register the navigation, and load the public names of packages, which come when they are first asked for."""
    app.connect("source-read", _navigation)
    app.connect("autodoc-process-docstring", _plain, priority=400)  # before the sections are read
    app.connect("autodoc-process-signature", _signature)
    for name in re.findall(r"^   (whypretrain\.\S+)$", (ROOT / "docs/api.md").read_text(), re.MULTILINE):
        package = import_module(name)
        vars(package).update({name: getattr(package, name) for name in getattr(package, "__all__", ())})
