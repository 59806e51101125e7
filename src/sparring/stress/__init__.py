"""The stress test: a learned adversary against anybody's grasp detector."""
