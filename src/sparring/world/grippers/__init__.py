"""Hands that others have drawn: read from MJCF once, measured, kept by their content, and built into scenes."""
