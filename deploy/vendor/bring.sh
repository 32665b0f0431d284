#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# Copies the browser scripts of others from npm to where the pages look for them. Nothing of it is
# committed: without node, or without this step, the pages lack an enhancement and nothing else.
#
#     deploy/vendor/bring.sh [FOLDER]      FOLDER: federation/beffroi_web/static/vendor
#
# leaflet (BSD-2-Clause): a map that can be moved, on the form of reports.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
to=${1:-$here/../../federation/beffroi_web/static/vendor}
want=$(cksum <"$here/package-lock.json")
[ "$(cat "$to/.lock" 2>/dev/null || true)" = "$want" ] && exit 0
command -v npm >/dev/null 2>&1 || { echo "no npm: the pages go without the scripts of others" >&2; exit 0; }
(cd "$here" && npm ci --silent --ignore-scripts --no-audit --no-fund >&2)
mkdir -p "$to/leaflet"
for file in dist/leaflet.js dist/leaflet.css LICENSE; do
  cp "$here/node_modules/leaflet/$file" "$to/leaflet/"
done
# What names a file that does not come along is left out.
sed -i '/sourceMappingURL/d' "$to/leaflet/leaflet.js"
rm -rf "$here/node_modules"
printf '%s' "$want" >"$to/.lock"
