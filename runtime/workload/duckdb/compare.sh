#!/usr/bin/env bash
# Runs the benchmark with Muster and with DuckDB over the same files on the same machine, one after the other, and
# prints a Markdown table of both with their ratio. Needs Go, Node.js, and in this folder: npm install @duckdb/node-api
# Usage: compare.sh DIR [MEMBERS ORDERS]      DIR is made with the sizes given if it holds no files yet
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$1
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
cd "$here/../../.."
go build -o "$dir/muster" ./cmd/muster
[ -e "$dir/orders.csv" ] || "$dir/muster" bench gen "$dir" "${2:-8000000}" "${3:-40000000}"
cat "$dir"/*.csv >/dev/null # both sides find the files in the page cache
"$dir/muster" bench run "$dir" | tee "$dir/muster.tsv"
node "$here/peer.mjs" run "$dir" 5 | tee "$dir/duckdb.tsv"
awk -F'\t' '
  function ms(s) { return s >= 1 ? sprintf("%.1f s", s) : sprintf("%.1f ms", s * 1000) }
  function row(name, d, m, same) { printf "| %s | %s | %s | %.1f × | %s |\n", name, ms(d), ms(m), d / m, same }
  FNR == NR { muster[$1] = $2; answer[$1] = $3; next }
  FNR == 1 { print "| what | DuckDB | Muster | ratio | answers |\n| --- | --- | --- | --- | --- |" }
  $1 ~ /^load / { load += $2 }
  $1 == "80 tags" { row("import of the CSV files", load, muster["import, total"], ""); row("80 tags from history", $2, muster["80 tags from history, hot"], "") }
  ($1 in muster) && $3 != "" { row("`" $1 "`", $2, muster[$1], $3 == answer[$1] ? "equal" : "DIFFER") }
' "$dir/muster.tsv" "$dir/duckdb.tsv"
