"""Robots that learn to grasp by playing against an adversary (Pinto, Davidson, Gupta, ICRA 2017), in simulation."""
