"""The report: one self-contained page of the whole experiment.

Example: the parts of the page, and how many figures of each an experiment has made.
    >>> from pathlib import Path
    >>> from whypretrain.report import papers
    >>> {paper.id: sum(each.made for each in paper.figures) for paper in papers(Path("no/figures/yet"))}
    {'arXiv:2111.12292': 0, 'arXiv:2410.08455': 0, 'arXiv:2307.06006': 0, 'across': 0}
"""

from whypretrain.report.contents import papers
from whypretrain.report.explorer import Files
from whypretrain.report.page import build, write
from whypretrain.report.verdicts import Verdicts, read

__all__ = ["Files", "Verdicts", "build", "papers", "read", "write"]
