#!/usr/bin/env bash
# A container engine and an image with etcd, for machines that have neither a running engine nor a
# registry to pull from.
#
#   ci/container_engine.sh install        apt-get install etcd-server, docker.io, iptables if missing
#   ci/container_engine.sh up             start dockerd where none answers; build the image if needed
#   eval "$(ci/container_engine.sh env)"  let testcontainers and the suite use both
#   ci/container_engine.sh down           remove its containers, end the dockerd that `up` started
#   ci/container_engine.sh run COMMAND    up, env, COMMAND, down; the exit status is COMMAND's
#
# An engine that answers already (DOCKER_HOST or its usual socket) is used as it is and never ended.
# Needs root where it has to install or to start something.
set -euo pipefail

STATE=${YR_ENGINE_STATE:-${TMPDIR:-/tmp}/yr-container-engine}
IMAGE=${YR_CONFORMANCE_ETCD_IMAGE:-localhost/yr-conformance/etcd:local}
SOCKET=$STATE/docker.sock
LABEL='{"label":["org.testcontainers=true"]}'

say() { printf 'container_engine: %s\n' "$*" >&2; }

# The engine's HTTP interface: docker.io brings the command `docker` only as a recommendation.
# Without a version it is the engine's own; new engines refuse old versions.
engine() {
    local path=$1
    shift
    curl -sS --fail --max-time 60 --unix-socket "${HOST#unix://}" "$@" "http://engine$path"
}
answers() { HOST=$1 engine /_ping >/dev/null 2>&1; }

HOST=${DOCKER_HOST:-unix:///var/run/docker.sock}
[[ $HOST == unix://* ]] && answers "$HOST" || HOST=unix://$SOCKET

install_packages() {
    local missing=()
    for pair in etcd:etcd-server dockerd:docker.io iptables:iptables curl:curl; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
    done
    if ((${#missing[@]} == 0)); then return; fi
    say "install ${missing[*]}"
    # RUNLEVEL=1: the packages start no service of their own.
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    apt-get update -q >/dev/null
    apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends "${missing[@]}" >/dev/null
}

start_engine() {
    if answers "$HOST"; then return; fi
    mkdir -p "$STATE"
    rm -f "$SOCKET"
    setsid nohup dockerd --data-root "$STATE/data" --exec-root "$STATE/run" \
        --pidfile "$STATE/docker.pid" --host "unix://$SOCKET" --bip "${YR_ENGINE_NETWORK:-10.78.0.1/24}" \
        --exec-opt native.cgroupdriver=cgroupfs >"$STATE/dockerd.log" 2>&1 </dev/null &
    local pid=$!
    for _ in $(seq 600); do
        if answers "$HOST"; then
            say "dockerd $pid serves at $SOCKET"
            return
        fi
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    say "dockerd did not start:"
    tail -20 "$STATE/dockerd.log" >&2
    return 1
}

build_image() {
    if engine "/images/$IMAGE/json" >/dev/null 2>&1; then return; fi
    local program root id
    program=$(command -v etcd) || { say "no program etcd to make an image of"; return 1; }
    root=$(mktemp -d)
    chmod 755 "$root"
    mkdir -p "$root"/{usr/local/bin,etc,tmp,etcd-data}
    cp "$program" "$root/usr/local/bin/etcd"
    # What it is linked with; a static program has none and makes ldd fail.
    { ldd "$program" 2>/dev/null || true; } | { grep -oE '/[^ ]+' || true; } | while read -r library; do
        install -D "$(readlink -f "$library")" "$root$library"
    done
    echo 'root:x:0:0:root:/:/usr/local/bin/etcd' >"$root/etc/passwd"
    id=$(tar -C "$root" -c . | engine '/images/create?fromSrc=-' -X POST -H 'Expect:' \
        -H 'Content-Type: application/x-tar' --upload-file - | grep -oE 'sha256:[0-9a-f]{64}' | head -1)
    rm -rf "$root"
    engine "/images/$id/tag?repo=${IMAGE%:*}&tag=${IMAGE##*:}" -X POST >/dev/null
    say "built $IMAGE of $("$program" --version | head -1)"
}

print_environment() {
    cat <<END
export DOCKER_HOST=$HOST
export YR_CONFORMANCE_ETCD_IMAGE=$IMAGE
export TESTCONTAINERS_RYUK_DISABLED=true
export TESTCONTAINERS_CONNECTION_MODE=docker_host
export TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1
END
}

stop_engine() {
    local pid
    [[ -f $STATE/docker.pid ]] || return 0
    pid=$(<"$STATE/docker.pid")
    if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "unix://$SOCKET"; then
        remove_containers
        kill "$pid"
        for _ in $(seq 300); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        say "ended dockerd $pid"
        ip link delete docker0 2>/dev/null || true
    fi
    awk -v below="$STATE/" 'index($2, below) == 1 {print $2}' /proc/mounts | sort -r |
        xargs -r -n1 umount --lazy 2>/dev/null || true
    rm -rf "$STATE"
}

remove_containers() {
    local id
    for id in $(engine "/containers/json?all=1" -G --data-urlencode "filters=$LABEL" |
        grep -oE '"Id":"[0-9a-f]{64}"' | cut -d'"' -f4); do
        engine "/containers/$id?force=1&v=1" -X DELETE && say "removed container ${id:0:12}"
    done
}

run_with_engine() {
    install_packages
    trap stop_engine EXIT
    start_engine
    build_image
    eval "$(print_environment)"
    "$@"
}

case ${1:-} in
install) install_packages ;;
up) start_engine && build_image ;;
env) print_environment ;;
down) stop_engine ;;
run) shift && run_with_engine "$@" ;;
*)
    sed -n '2,12s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
