"""How long answers hold, said to clients; and answers of slow backends, kept for that time."""
