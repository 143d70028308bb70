# Sourced by the commands of this folder; each starts with `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# dotnet, NuGet and npm keep their caches at home; a user without a writable one gets a home in artifacts.
if [ -z "${HOME:-}" ] || [ ! -d "$HOME" ] || [ ! -w "$HOME" ]; then
  mkdir -p "$root/artifacts/home"
  export HOME="$root/artifacts/home"
  export DOTNET_CLI_HOME="${DOTNET_CLI_HOME:-$HOME}"
fi

need_dotnet() {
  local wanted="the .NET SDK 10.0.100 or a newer 10.0 (https://dotnet.microsoft.com/download)"
  command -v dotnet >/dev/null 2>&1 || fail "This needs $wanted, and dotnet is not on the PATH."
  # global.json names the version, so dotnet itself knows whether one of the installed SDKs will do.
  dotnet --version >/dev/null 2>&1 || fail "This needs $wanted; installed: $(dotnet --list-sdks 2>/dev/null | cut -d' ' -f1 | paste -sd' ' -)."
}

# Whether a folder holds the server's programs, in a version that is supported.
is_postgres() {
  local major
  [ -x "$1/postgres" ] && [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ] || return 1
  major=$("$1/postgres" --version 2>/dev/null | sed -nE 's/.*\(PostgreSQL\) ([0-9]+).*/\1/p')
  [ "${major:-0}" -ge 15 ]
}

has_postgres() {
  local folder folders
  IFS=: read -ra folders <<<"$PATH"
  for folder in ${folders[@]+"${folders[@]}"} /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* \
      /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin /Applications/Postgres.app/Contents/Versions/*/bin \
      /usr/local/pgsql/bin; do
    if is_postgres "$folder"; then return 0; fi
  done
  return 1
}

# Installs Debian packages where that is possible without asking; says what for. Fails where it is not, or did not work.
apt_install() {
  local what_for=$1 log status=0 sudo=()
  shift
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1 || ! sudo -n true >/dev/null 2>&1; then return 1; fi
    sudo=(sudo -n)
  fi
  command -v apt-get >/dev/null 2>&1 || return 1

  say "$what_for: installing $* with apt-get."
  # Debian would start a PostgreSQL cluster for the whole machine at once; only the programs are wanted.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    ${sudo[@]+"${sudo[@]}"} mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | ${sudo[@]+"${sudo[@]}"} tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  log=$(mktemp)
  { ${sudo[@]+"${sudo[@]}"} apt-get update \
      && ${sudo[@]+"${sudo[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1 || status=1
  if [ "$status" -ne 0 ]; then
    say "apt-get could not install $*. The end of its output:"
    tail -n 5 "$log" >&2
  fi
  rm -f "$log"
  return "$status"
}

# The host looks for the programs again, and fetches them with npm where they cannot be installed.
need_postgres() {
  if [ -n "${LICENSING_POSTGRES:-}" ] || [ -n "${LICENSING_PG_BIN:-}" ] || has_postgres; then return 0; fi
  apt_install "PostgreSQL 15 or newer is missing, and the host starts a server of its own" postgresql || true
}

has_node() {
  local major
  major=$(node --version 2>/dev/null | sed -nE 's/^v([0-9]+).*/\1/p')
  [ "${major:-0}" -ge 18 ] && command -v npm >/dev/null 2>&1
}

# The reference page and the test of the generated client come from npm.
need_node() {
  if has_node; then return 0; fi
  apt_install "Node.js 18 or newer with npm is missing, and the tests of the generated client, of federated log-in and of letters need it" nodejs npm || true
  has_node || say "Node.js 18 or newer with npm is not on the PATH (https://nodejs.org); the tests of the generated client, of federated log-in and of letters will fail without it."
}

# The example client of the reseller service is Python's standard library, and the guide's lines are curl.
need_python_and_curl() {
  if python3 --version >/dev/null 2>&1 && command -v curl >/dev/null 2>&1; then return 0; fi
  apt_install "Python 3 or curl is missing, and the tests of the reseller service's example clients need both" python3 curl || true
  { python3 --version >/dev/null 2>&1 && command -v curl >/dev/null 2>&1; } \
    || say "Python 3 or curl is not on the PATH; the tests of the reseller service's example clients will fail without them."
}

# Prints one line, and the compiler's output only if it fails.
quietly() {
  local what=$1 log status=0
  shift
  say "$what"
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  if [ "$status" -ne 0 ]; then
    # MSBuild repeats its errors at the end, once more per project.
    if grep -qE '(error|warning) ' "$log"; then grep -E '(error|warning) ' "$log" | sort -u >&2; else cat "$log" >&2; fi
  fi
  rm -f "$log"
  return "$status"
}
