#!/usr/bin/env bash
# Measures the budgets. Every figure stands beside its peer or bound, taken in the same run.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "# $(date -u +%F) $(nproc) cores, $(free -g | awk '/Mem:/{print $2}') GB, load $(cut -d' ' -f1 /proc/loadavg)"
go test -run '^$' -bench . -benchtime 1x -timeout 60m \
  ./collect/intake/... ./brain/... ./resource/catalogue ./worker ./metadb 2>/dev/null | grep -E '^(Benchmark|ok|FAIL|---)' || true
go test -count=1 -v -run 'Score|Pollock|Encodings' ./collect/intake/... | grep -iE 'score|right|silent|of 10' || true
go run ./bench -shuniu bin/shuniu "$@"
