"""What there is to grasp: families, the paper's ten novel objects, and their names."""
