#!/usr/bin/env bash
# Does this instance still serve, with what was changed?
set -euo pipefail
app=/var/app/current
. "$app/.platform/bin/desk.sh"
desk "$app" smoke --at http://127.0.0.1
