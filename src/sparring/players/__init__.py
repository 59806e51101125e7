"""What a player sees and how it chooses: patches, networks, policies."""
