"""The report: one self-contained page of the whole experiment."""

from whypretrain.figures import Figure, Paper
from whypretrain.report.contents import papers
from whypretrain.report.explorer import Files
from whypretrain.report.page import build, write
from whypretrain.report.verdicts import Verdicts, read

__all__ = ["Figure", "Files", "Paper", "Verdicts", "build", "papers", "read", "write"]
