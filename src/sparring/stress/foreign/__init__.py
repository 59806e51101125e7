"""Detectors that are not of this project, to be tested or to begin from."""
