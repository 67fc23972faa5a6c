"""`serve --workers N`: processes that share the ports of one service, and the one that keeps them.

The supervisor answers no call; each worker is a whole server, and knows of no other.
"""
