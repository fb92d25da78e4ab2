"""neural_network."""
