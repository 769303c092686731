#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the short form of t/stress/stress.py."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "stress"))
import stress                                                   # noqa: E402

stress.stress(connections=300, parallel=16, seed=1)
