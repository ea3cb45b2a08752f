#!/usr/bin/env bash
set -euo pipefail
exec /var/app/staging/.platform/bin/logs /var/app/staging
