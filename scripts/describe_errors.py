"""Writes the descriptors of what errors hold to stdout, as a FileDescriptorSet.

It describes nothing of ours: no message of the schema refers to google.rpc, but whoever shows a
status as JSON has to know ErrorInfo. Sets of descriptors that are written one after the other are
one set, so `make descriptors` puts it behind the schema's, which holds what it imports.
"""

from __future__ import annotations

import sys

from google.protobuf import descriptor_pb2
from google.rpc import error_details_pb2


def described() -> bytes:
    """The descriptors, serialised."""
    files = descriptor_pb2.FileDescriptorSet()
    error_details_pb2.DESCRIPTOR.CopyToProto(files.file.add())
    return bytes(files.SerializeToString())


if __name__ == "__main__":
    sys.stdout.buffer.write(described())
