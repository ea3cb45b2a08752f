#!/usr/bin/env bash
# Every instance migrates before it serves; the lock inside lets one do it. Not a leader_only
# command: traffic-splitting deployments elect no leader, and would silently stop migrating. When it
# fails, the deployment on this instance ends here, and the version before goes on serving.
set -euo pipefail
app=/var/app/staging
. "$app/.platform/bin/desk.sh"

# Files are collected when a bundle is made. `eb deploy` alone makes none.
if [ ! -e "$app/staticfiles/staticfiles.json" ]; then
    desk "$app" collectstatic --noinput --verbosity 0
fi
# `eb deploy` alone sends none to the bucket either, and pages of this version must find theirs there
# from the first request on. One question where they are; where they can't be sent, it ends here.
desk "$app" assets --only-add
tell_nginx "$app"
desk "$app" release
