# SPDX-License-Identifier: MIT
"""Reports of runs: report.json and all that is made of it.

A report is a dict in the form of doc/h2bad.schema.json; a result is an item of
its "cases".  `model` has the form and its files, `forms` what other programs
read, `terminal` text for people, `baseline` the verdicts that are expected,
`pages` and `catalogue` the pages for browsers.
"""

from h2bad.report.baseline import Baseline, Change, Expected
from h2bad.report.catalogue import case_page, catalogue_page, run_page
from h2bad.report.forms import junit, tap, wptreport
from h2bad.report.model import (VERDICTS, VERSION, Report, ReportError, Result,
                                directory, index, load, reports, summary,
                                validate, write)
from h2bad.report.pages import html, matrix
from h2bad.report.terminal import Progress, text

__all__ = ["Baseline", "Change", "Expected", "Progress", "Report",
           "ReportError", "Result", "VERDICTS", "VERSION", "case_page",
           "catalogue_page", "directory", "html", "index", "junit", "load",
           "matrix", "reports", "run_page", "summary", "tap", "text",
           "validate", "wptreport", "write"]
