"""Benchmarks that anyone can repeat: `make bench`, read in docs/performance.md."""
