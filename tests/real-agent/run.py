"""Runs the real `claude` under the real daemon, against a scripted model API on loopback.

    run.py --aiwg PROGRAM --claude PROGRAM [SCENARIO...]

`scripts/test-real-agent` calls it where there is no network but loopback.
"""

import argparse
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass

import answering
import ending
import limits
import permissions
import starting
import steering
import telemetry
import tools as tool_scenarios
from check import Report
from model_api import ModelApi

ALL = (answering, ending, limits, permissions, starting, steering, telemetry, tool_scenarios)
SCENARIOS = {scenario.__name__: scenario for module in ALL for scenario in module.ALL}


@dataclass
class Tools:
    aiwg: str
    claude: str


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--aiwg", required=True)
    parser.add_argument("--claude", required=True)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], metavar="SCENARIO")
    options = parser.parse_args()
    tools = Tools(options.aiwg, options.claude)
    version = subprocess.run([tools.claude, "--version"], capture_output=True, text=True, check=True)
    print(f"claude {version.stdout.strip()}")
    reports = [one(SCENARIOS[name], tools) for name in options.scenarios or SCENARIOS]
    failed = reports.count(None)
    print(f"{len(reports) - failed} of {len(reports)} scenarios passed")
    return 1 if failed else 0


def one(scenario, tools):
    """Runs one scenario with an API of its own; none if it failed."""
    api = ModelApi()
    report = Report(scenario.__name__)
    since = time.monotonic()
    try:
        scenario(report, tools, api, api.start())
    except Exception:  # noqa: BLE001: whatever goes wrong, the others are run.
        print(f"FAILED {report.name} ({report.seconds(since)})\n{traceback.format_exc()}", flush=True)
        return None
    print(f"ok     {report.name} ({report.seconds(since)}): {scenario.__doc__.splitlines()[0]}")
    for note in report.notes:
        print(f"         {note}")
    return report


if __name__ == "__main__":
    sys.exit(main())
