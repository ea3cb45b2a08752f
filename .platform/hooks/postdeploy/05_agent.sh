#!/usr/bin/env bash
set -euo pipefail
exec /var/app/current/.platform/bin/agent
