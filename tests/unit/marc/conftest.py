"""Helpers of the record tests stand beside them (marc_samples.py, marc_mutations.py)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
