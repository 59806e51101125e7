"""Bringing in objects: meshes are read, checked, taken apart into convex parts, weighed, and kept as sets named by content."""
