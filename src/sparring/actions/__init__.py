"""What the robots can do: index <-> parameters <-> hand trajectory."""
