# The servers that a desk can stand on, started beside it and ended with it: sourced, never run.
# shellcheck shell=bash

started=()  # process ids, ended by stop_servers in the opposite order

postgres_bin() {
    find /usr/lib/postgresql -maxdepth 3 -name postgres -path '*/bin/*' 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname
}

# install_servers LOG COMMAND:PACKAGE...  Installs by apt what is missing, or returns 1 and sets
# `missing` where only root may.
install_servers() {
    local log=$1 pair
    shift
    missing=()
    for pair in "$@"; do
        case ${pair%%:*} in
            postgres) [ -n "$(postgres_bin)" ] || missing+=("${pair#*:}") ;;
            *) command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}") ;;
        esac
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        return 1
    fi
    echo "== installing ${missing[*]}"
    apt-get update -q >/dev/null
    without_services env DEBIAN_FRONTEND=noninteractive apt-get install -y -q "${missing[@]}" >"$log" 2>&1 \
        || { tail -n 20 "$log" >&2; exit 1; }
}

# Debian starts what it installs, for everybody who can reach the machine. Ours are started here.
without_services() {
    local policy=/usr/sbin/policy-rc.d failed=0
    [ ! -e "$policy" ] || { "$@"; return; }
    install -m 755 /dev/stdin "$policy" <<<$'#!/bin/sh\nexit 101'
    "$@" || failed=$?
    rm -f "$policy"
    return "$failed"
}

# forget_settings  Whatever the shell has set: the desk then has its defaults, or what a stack says.
forget_settings() {
    local name
    for name in $(compgen -e); do
        case $name in
            *_URL | *_URL_* | IDENTITY_* | MAIL_* | DATABASE_* | SSM_PREFIX | ROLE | STAFF_MFA | DEBUG | SECRET_KEY) unset "$name" ;;
            ALLOWED_HOSTS | CSRF_TRUSTED_ORIGINS | TRUSTED_PROXIES | LOCAL_ACCOUNTS) unset "$name" ;;
        esac
    done
}

free_port() {
    python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

is_free() {
    python - "$1" <<'PY'
import socket, sys
with socket.socket() as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        sys.exit(1)
PY
}

# start_postgres FOLDER PORT [OPTION...]  A server for this machine alone, on what the folder holds.
start_postgres() {
    local folder=$1 port=$2 bin as=()
    shift 2
    bin=$(postgres_bin)
    [ -n "$bin" ] || return 1
    mkdir -p "$folder"
    if [ "$(id -u)" -eq 0 ]; then # PostgreSQL refuses to run as root
        chmod 755 "$(dirname "$folder")"
        chown postgres "$folder"
        as=(setpriv --reuid postgres --regid postgres --clear-groups)
    fi
    folder=$(realpath "$folder")
    if [ ! -e "$folder/data/PG_VERSION" ]; then
        (cd /tmp && "${as[@]}" "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8) >"$folder.log" 2>&1
    fi
    (cd /tmp && exec "${as[@]}" "$bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories="$folder" -c max_connections=200 "$@") >>"$folder.log" 2>&1 &
    started+=($!)
    for _ in $(seq 300); do
        "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" && return 0
        sleep 0.1
    done
    cat "$folder.log" >&2
    exit 1
}

# start_redis FOLDER PORT
start_redis() {
    command -v redis-server >/dev/null || return 1
    mkdir -p "$1"
    redis-server --port "$2" --bind 127.0.0.1 --save '' --dir "$1" >"$1.log" 2>&1 &
    started+=($!)
}

# start_aws FOLDER PORT [NAME=VALUE...]  A local AWS, which nobody else reaches.
start_aws() {
    local folder=$1 port=$2
    shift 2
    mkdir -p "$folder"
    (cd "$folder" && exec env GATEWAY_PORT="$port" BIND_HOST=127.0.0.1 MINISTACK_HOST=127.0.0.1 \
        IOT_MTLS_ENABLED=0 LOG_LEVEL=WARNING "$@" ministack) >"$folder.log" 2>&1 &
    started+=($!)
    for _ in $(seq 600); do
        curl --silent --fail --output /dev/null "http://127.0.0.1:$port/_ministack/health" && return 0
        sleep 0.1
    done
    cat "$folder.log" >&2
    exit 1
}

stop_servers() {
    local place
    for ((place = ${#started[@]} - 1; place >= 0; place--)); do
        kill "${started[$place]}" 2>/dev/null || true
        wait "${started[$place]}" 2>/dev/null || true
    done
    started=()
}
