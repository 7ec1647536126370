#!/usr/bin/env bash
# Installs what building and testing need on Debian 12 and is not there yet.
# Go >= 1.26 and Node >= 20 must be there: Debian's own are too old.
set -euo pipefail

need() { # command-or-file package
  if [[ $1 == /* ]]; then [[ -e $1 ]] || missing+=("$2"); else command -v "$1" >/dev/null || missing+=("$2"); fi
}

missing=()
for tool in go node npm git; do
  command -v "$tool" >/dev/null || { echo "setup: $tool is not installed; Shuniu needs Go >= 1.26, Node >= 20 and git" >&2; exit 1; }
done
node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' || { echo "setup: Node $(node --version) is too old, need >= 20" >&2; exit 1; }
need gcc gcc
need g++ g++   # DuckDB's static library links against libstdc++
need make make
need chromium chromium
need /usr/lib/postgresql/15/bin/postgres postgresql-15
need /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc fonts-noto-cjk
if ((${#missing[@]} == 0)); then exit 0; fi

echo "setup: installing ${missing[*]}"
as_root=()
if [[ $(id -u) != 0 ]]; then
  command -v sudo >/dev/null || { echo "setup: please install as root: apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ca-certificates "${missing[@]}"
