#!/usr/bin/env bash
# A property was changed: the platform starts the processes anew on it. One that the desk refuses is
# refused here, while those of before still serve.
set -euo pipefail
app=/var/app/current
. "$app/.platform/bin/desk.sh"
desk "$app" check
tell_nginx "$app"
