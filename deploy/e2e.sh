#!/usr/bin/env bash
# Starts the built hub on a free port of loopback with the demo files in a new
# folder and drives its pages in Chromium. Ends only what it started.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap '[[ -n ${pid:-} ]] && kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; rm -rf "$work"' EXIT
bin/shuniu serve --data "$work/data" --listen 127.0.0.1:0 --demo >"$work/out" 2>"$work/log" &
pid=$!
for _ in $(seq 600); do
  url=$(sed -n 's/^ready //p' "$work/out")
  if [[ -n $url ]] && grep -q '^loaded' "$work/out"; then break; fi
  kill -0 "$pid" 2>/dev/null || { cat "$work/log" >&2; echo "e2e: the hub ended" >&2; exit 1; }
  sleep 0.1
done
[[ -n ${url:-} ]] || { cat "$work/log" >&2; echo "e2e: the hub did not get ready" >&2; exit 1; }
export SHUNIU_URL=$url SHUNIU_ACCOUNT=engineer SHUNIU_PASSWORD=Shuniu-2026
(cd web && npm run --silent e2e) || { tail -n 50 "$work/log" >&2; exit 1; }
