"""What is kept: records, shards, targets."""
