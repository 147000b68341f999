"""Imported first: the package beside the tests is the one under test, unless one is installed."""

from __future__ import annotations

import importlib.util
import os
import sys

if importlib.util.find_spec("aiwg") is None:
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), os.pardir, "src"))
