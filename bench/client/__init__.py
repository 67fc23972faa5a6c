"""The client process of a benchmark: one caller, told by lines on standard input what to do."""
