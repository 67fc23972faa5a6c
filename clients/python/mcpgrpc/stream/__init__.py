"""The binding carried out on grpc.aio: writing frames, and the client's end of a Session."""
