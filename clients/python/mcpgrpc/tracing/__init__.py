"""Spans of requests, from a client through doors and services to upstreams.

It configures nothing by itself, and what is imported here loads no OpenTelemetry.
"""
