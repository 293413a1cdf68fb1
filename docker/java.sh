# Sourced: find Java 17 or 21 for Spark, install Debian's package where that is possible, else say what to install.
_java_major() { "$1" -version 2>&1 | sed -nE '1s/.*"([0-9]+).*/\1/p'; }
_java_fits() { [ -x "$1" ] && case "$(_java_major "$1")" in 17 | 21) true ;; *) false ;; esac; }

if [ -n "${JAVA_HOME:-}" ] && _java_fits "$JAVA_HOME/bin/java"; then
  :
elif _java_fits "$(command -v java || true)"; then
  unset JAVA_HOME
else
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "java: no Java 17 or 21 found; installing Debian's openjdk-17-jre-headless" >&2
    { apt-get -qq update && apt-get -qq install -y --no-install-recommends openjdk-17-jre-headless; } >/dev/null 2>&1 || true
  fi
  _found=$(ls -d /usr/lib/jvm/java-{17,21}-openjdk*/bin/java 2>/dev/null | head -n 1)
  if _java_fits "${_found:-/none}"; then
    export JAVA_HOME="${_found%/bin/java}"
  else
    cat >&2 <<'SAY'
java: expected Java 17 or 21 in JAVA_HOME or on PATH, found neither. Spark 4.1 needs one. Install it and try again:
  Debian, Ubuntu   sudo apt-get install openjdk-17-jre-headless
  Fedora, RHEL     sudo dnf install java-17-openjdk-headless
  Arch             sudo pacman -S jre17-openjdk-headless
  macOS            brew install openjdk@17
  Windows          winget install EclipseAdoptium.Temurin.17.JRE
SAY
    false
  fi
fi
