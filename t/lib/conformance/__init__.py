# SPDX-License-Identifier: MIT
"""The cases of t/conformance.t, by section, and the code that runs them.

wire.py makes frames, case.py defines and runs a case, and sections.py has the
titles of sections; every other module is a table of cases.
"""
