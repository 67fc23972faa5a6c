"""The server's end of a Session stream: reading, running requests, writing to the client."""
