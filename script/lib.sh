# Shared by the other scripts; sourced, not run. Keeps to bash and Python's standard library.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
VENV=$ROOT/.venv

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
    [ -n "$candidate" ] || continue
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  fail "Bryggan needs Python 3.11 or newer with venv (on Debian: apt install python3 python3-venv)."
}

# install LOCK: make .venv hold what LOCK says. Does nothing when it already does; a lock installed
# half-way leaves no mark, so the next call finishes it.
install() {
  local lock=$1 mark
  mark="$VENV/.installed-$(basename "$lock" .txt)"
  [ -x "$VENV/bin/python" ] || { say "Creating .venv"; "$(find_python)" -m venv "$VENV"; }
  if ! cmp -s "$lock" "$mark" 2>/dev/null; then
    say "Installing what $lock lists (once; about a minute)"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    cp "$lock" "$mark"
  fi
  if [ "$(cat "$VENV/.project" 2>/dev/null)" != "$ROOT" ]; then
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
    printf '%s' "$ROOT" >"$VENV/.project"
  fi
}
