"""Switches that change how fast a process serves, never what it answers."""
