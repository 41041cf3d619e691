"""Workers and clients of the datasystem, as the SDK chapters use them."""
