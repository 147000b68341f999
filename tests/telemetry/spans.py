"""Reads requests of OTLP with the official definitions, one a file, and prints their spans as a JSON array."""

import json
import sys

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def plain(attributes):
    values = {}
    for pair in attributes:
        kind = pair.value.WhichOneof("value")
        values[pair.key] = getattr(pair.value, kind)
    return values


spans = []
for path in sys.argv[1:]:
    request = ExportTraceServiceRequest()
    with open(path, "rb") as file:
        data = file.read()
    request.ParseFromString(data)
    # What the definitions do not know would be kept as unknown: then this is longer.
    known = ExportTraceServiceRequest()
    known.CopyFrom(request)
    known.DiscardUnknownFields()
    assert known.ByteSize() == len(data), "members that are not defined"
    for of_resource in request.resource_spans:
        for of_scope in of_resource.scope_spans:
            for span in of_scope.spans:
                spans.append(
                    {
                        "resource": plain(of_resource.resource.attributes),
                        "scope": of_scope.scope.name,
                        "trace": span.trace_id.hex(),
                        "id": span.span_id.hex(),
                        "parent": span.parent_span_id.hex(),
                        "name": span.name,
                        "kind": span.kind,
                        "from": span.start_time_unix_nano,
                        "until": span.end_time_unix_nano,
                        "attributes": plain(span.attributes),
                        "links": [{"trace": link.trace_id.hex(), "id": link.span_id.hex()} for link in span.links],
                        "status": MessageToDict(span.status).get("code", ""),
                        "flags": span.flags,
                    }
                )
print(json.dumps(spans))
