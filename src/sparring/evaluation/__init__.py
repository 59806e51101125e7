"""Tests and reports: reads run folders; never changes what was played."""
