"""How a server that is one of several comes to its end, and its streams to theirs."""
