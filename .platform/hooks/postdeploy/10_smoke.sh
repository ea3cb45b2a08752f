#!/usr/bin/env bash
# Does this instance serve? When it doesn't, the deployment fails here, before it takes more instances.
set -euo pipefail
app=/var/app/current
. "$app/.platform/bin/desk.sh"
desk "$app" smoke --at http://127.0.0.1
