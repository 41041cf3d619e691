#!/usr/bin/env bash
# The steps of the action beside this file, for any CI service: settings come as variables.
#
#   conformance.sh install    yr-conformance, and what TARGET needs, into the Python on PATH
#   conformance.sh run        the clauses, with a report in REPORT
#   conformance.sh summary    the report's summary to GITHUB_STEP_SUMMARY
#
#   TARGET NPUS MODE CHAPTERS TRANSPORT ARGUMENTS REPORT    as action.yml says
#   PYTHON                                                  the interpreter (python)
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PACKAGES=$(cd "$HERE/../../../packages" && pwd)
PYTHON=${PYTHON:-python}
TARGET=${TARGET:-fake}
NPUS=${NPUS:-0}
REPORT=${REPORT:-yr-conformance-report}

fail() {
    echo "conformance: $*" >&2
    exit 2
}

[[ $NPUS =~ ^[0-9]+$ ]] || fail "npus is a number, not '$NPUS'"

# Packages from the same commit as this file, so that suite and fake fit each other.
install() {
    local packages=("$PACKAGES/yr-conformance[report]")
    [[ $TARGET != fake ]] || packages+=("$PACKAGES/yr-fake-ds")
    [[ $TARGET != real-emulated-npu && $NPUS == 0 ]] || packages+=("$PACKAGES/yr-fake-cann")
    [[ $TARGET != real-* ]] || packages+=("openyuanrong-datasystem")
    "$PYTHON" -m pip install --quiet "${packages[@]}"
    [[ -n ${TRANSPORT:-} || $TARGET == transport ]] || install_own_transport
}

# On the fake without what it asks for, which is the released SDK: Ray and torch are there, or only
# chapters that need neither can run.
install_own_transport() {
    local options=()
    [[ $TARGET != fake ]] || options=(--no-deps)
    "$PYTHON" -m pip install --quiet ${options[@]+"${options[@]}"} "$PACKAGES/ray-ascend-yr"
}

# How each target's programs are started, into the array `launcher`.
choose_launcher() {
    case $TARGET in
    fake)
        launcher=(yr-fake-ds run)
        ((NPUS == 0)) || launcher+=(--npus "$NPUS")
        launcher+=(--)
        ;;
    real-emulated-npu) launcher=(yr-fake-cann run --npus "$((NPUS > 0 ? NPUS : 8))" --) ;;
    *) launcher=() ;;
    esac
}

run() {
    local launcher chapters more=() options=(--target "$TARGET" --mode "${MODE:-metastore}" --report "$REPORT")
    choose_launcher
    read -ra chapters <<<"${CHAPTERS:-}"
    for chapter in ${chapters[@]+"${chapters[@]}"}; do options+=(--chapter "$chapter"); done
    [[ -z ${TRANSPORT:-} ]] || options+=(--transport "$TRANSPORT")
    # Quoted as a shell would, and nothing in it is executed.
    while IFS= read -r -d '' word; do more+=("$word"); done < <(
        "$PYTHON" -c 'import os, shlex
for word in shlex.split(os.environ.get("ARGUMENTS", "")): print(word, end="\0")'
    )
    # Ray would write a token into the home directory.
    export RAY_AUTH_MODE=${RAY_AUTH_MODE:-disabled} RAY_USAGE_STATS_ENABLED=${RAY_USAGE_STATS_ENABLED:-0}
    exec ${launcher[@]+"${launcher[@]}"} yr-conformance run "${options[@]}" ${more[@]+"${more[@]}"}
}

# A run that failed before it had a report has said why already.
summary() {
    [[ ! -f $REPORT/summary.md ]] || cat "$REPORT/summary.md" >>"${GITHUB_STEP_SUMMARY:-/dev/stdout}"
}

case ${1:-} in
install | run | summary) "$1" ;;
*)
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
