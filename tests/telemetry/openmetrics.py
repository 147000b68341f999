"""Reads OpenMetrics from standard input with the official parser, and prints the names and types of its families."""

import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

for family in text_string_to_metric_families(sys.stdin.read()):
    names = {sample.name for sample in family.samples}
    print(family.name, family.type, family.unit or "-", len(names))
