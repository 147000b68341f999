"""What the generated types refuse: mypy warns of an exception that is not needed."""

import api
from events.deployment_complete import DeploymentComplete

DeploymentComplete(version=7)  # type: ignore[arg-type]
incomplete: api.TaskSubmitParams = {}  # type: ignore[typeddict-item]
more: api.TaskSubmitParams = {"prompt": "x", "promt": "y"}  # type: ignore[typeddict-unknown-key]
state: api.TaskState = "asleep"  # type: ignore[assignment]
