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
  function ms(s) { return s >= 1 ? sprintf("%.1f s", s) : sprintf("%.2f ms", s * 1000) }
  function row(name, d, m, same) { printf "| %s | %s | %s | %.1f × | %s |\n", name, ms(d), ms(m), d / m, same }
  function median(x, n,   i, j, t) {
    for (i = 2; i <= n; i++) for (j = i; j > 1 && x[j] < x[j - 1]; j--) { t = x[j]; x[j] = x[j - 1]; x[j - 1] = t }
    return n % 2 ? x[(n + 1) / 2] : (x[n / 2] + x[n / 2 + 1]) / 2
  }
  FNR == NR { muster[$1] = $2; answer[$1] = $3; next }
  $1 ~ /^load / { load += $2 }
  $1 == "80 tags" { tags = $2 }
  ($1 in muster) && $3 != "" {
    asked[++n] = $1; duck[n] = $2; same[n] = ($3 == answer[$1] ? "equal" : "DIFFER")
    if (n <= 12) { d12[n] = $2; m12[n] = muster[$1] } else { d3[n - 12] = $2; m3[n - 12] = muster[$1] }
  }
  END {
    print "| what | DuckDB | Muster | ratio | answers |\n| --- | --- | --- | --- | --- |"
    printf "| one comparison on a number | | %s | | |\n", ms(muster["spend_365d >= 1000"])
    row("condition over tags, median of 12", median(d12, 12), median(m12, 12), "")
    row("condition with an undeclared aggregate, median of 3", median(d3, 3), median(m3, 3), "")
    row("80 tags from history, hot", tags, muster["80 tags from history, hot"], "")
    row("import of the CSV files", load, muster["import, total"], "")
    printf "| peak memory | | %.1f GiB (import alone %.1f GiB) | | |\n\n", answer["peak memory, MiB"] / 1024, answer["memory after import, MiB"] / 1024
    print "| condition | DuckDB | Muster | ratio | answers |\n| --- | --- | --- | --- | --- |"
    for (i = 1; i <= n; i++) row("`" asked[i] "`", duck[i], muster[asked[i]], same[i])
  }
' "$dir/muster.tsv" "$dir/duckdb.tsv"
