"""What one replica carries: `python -m bench.capacity` measures it, for docs/operations.md.

It compares with nobody, and needs only the environment that the project is developed in.
"""
