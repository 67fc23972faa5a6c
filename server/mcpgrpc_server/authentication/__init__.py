"""Who calls, proven before a handler sees the RPC: one small interceptor for each kind of proof.

It grants nothing and lists nothing: what a proven caller may do is not decided here.
"""
