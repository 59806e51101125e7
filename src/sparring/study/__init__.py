"""The study: arms x seeds played, tested and told. One arm is one change of a preset; claims were named in advance."""
