# SPDX-License-Identifier: MIT
"""The cases of t/conformance.t, by section, and what runs them.

wire.py makes frames, case.py says what a case is and runs it; every other
module is a table of cases.
"""
