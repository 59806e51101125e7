"""The match: cell, collecting, training, the paper's loop."""
