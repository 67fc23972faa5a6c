"""Who did what: one structured line for each stream, each refusal and each request."""
