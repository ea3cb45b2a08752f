#!/usr/bin/env bash
# Every instance migrates before it serves; the lock inside lets one do it. Not a leader_only
# command: traffic-splitting deployments elect no leader, and would silently stop migrating.
set -euo pipefail
cd /var/app/staging

# The environment's properties, as the platform gives them to the Procfile's processes.
properties=$(/opt/elasticbeanstalk/bin/get-config environment)
eval "$(/usr/bin/python3 -c '
import json, shlex, sys
for name, value in json.loads(sys.argv[1]).items():
    print(f"export {name}={shlex.quote(value)}")
' "$properties")"

python=(/var/app/venv/*/bin/python)
"${python[0]}" manage.py collectstatic --noinput --verbosity 0
"${python[0]}" manage.py release
