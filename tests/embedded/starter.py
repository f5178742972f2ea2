"""Started as a process of its own: starts the services in a folder, stops them when told."""

import json
import sys
from pathlib import Path

from audit_api.embedded import EmbeddedServices

with EmbeddedServices(Path(sys.argv[1])) as services:
    print(json.dumps({"pids": services.pids, **services.environment()}), flush=True)  # noqa: T201
    sys.stdin.readline()
