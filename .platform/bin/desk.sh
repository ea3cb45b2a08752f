# What the hooks share: sourced, never run. The platform runs hooks as root, and stops the deployment
# on this instance where one fails.
# shellcheck shell=bash

# desk FOLDER COMMAND...  A command of manage.py, with the environment's properties as the platform
# gives them to the Procfile's processes. /usr/bin/python3 is the system's own: the desk's is in venv.
desk() {
    local folder=$1 properties python
    shift
    properties=$(/opt/elasticbeanstalk/bin/get-config environment)
    python=(/var/app/venv/*/bin/python)
    (
        cd "$folder" || exit
        eval "$(/usr/bin/python3 -c '
import json, shlex, sys
for name, value in json.loads(sys.argv[1]).items():
    print(f"export {name}={shlex.quote(value)}")
' "$properties")"
        "${python[0]}" manage.py "$@"
    )
}

# Where the platform puts nginx's configuration together, before it tries it and starts nginx on it.
nginx=/var/proxy/staging/nginx/conf.d/elasticbeanstalk/20_settings.conf

# tell_nginx FOLDER  How large a request may be and where the desk listens, by this environment's settings.
tell_nginx() {
    if [ -d "$(dirname "$nginx")" ]; then
        desk "$1" nginx --write "$nginx"
    fi
}
