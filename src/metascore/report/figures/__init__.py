"""Figures, one a file: they get numbers and return a Figure; nothing is computed but where things go on the page."""
