"""Stills of the twin's cameras, rendered from the books' present physical state."""

from workcell.twin.render.still import Renderer

__all__ = ["Renderer"]
