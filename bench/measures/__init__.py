"""What is not a rate: memory, fairness, and a million answers."""
