# Sourced by `make test`: a browser to look at the pages with; Debian's package where that can be installed. The tests
# that need one are skipped where there is none, so nothing here ends in failure.
_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if ! _browser >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "chromium: no browser found; installing Debian's chromium" >&2
    { apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium; } >/dev/null 2>&1 || true
  fi
  _browser >/dev/null || echo "chromium: none found; the tests of the pages in a browser are skipped (apt-get install chromium)" >&2
fi
