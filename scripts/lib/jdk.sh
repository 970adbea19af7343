# Finds a JDK 25, says how to start it, and keeps quiet what it says at each start. Sourced by the scripts beside it;
# bash 3.2 is enough.

# Options of the JVM that runs pbb. What is big lives off the heap; a serial collector starts fastest and takes no memory for
# itself, and a heap that begins small, with a five-hundredth of the machine's memory, touches less of it.
# The others let a training's first step end sooner, by half a second (docs/performance.md, in the log of the vector backend):
# kernels are compiled after a tenth of the usual calls; and methods are not compiled without collecting a profile while
# others wait for the optimising compiler, which then would have to wait for the profile.
jvm=(
  -Xmx1g -XX:InitialRAMPercentage=0.2 -XX:+UseSerialGC
  -XX:CompileCommand=quiet
  "-XX:CompileCommand=CompileThresholdScaling,pbb.engine.backend.vector.*::*,0.1"
  -XX:Tier3DelayOn=1000
)

# Prints the feature version of the JDK in folder $1, or nothing where there is none with a compiler.
jdk_feature() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

# Sets JAVA_HOME to a JDK 25 or newer: the one it names already, else the first 25, else the first newer one.
# Ends the script with exit code 2 where there is none.
find_jdk() {
  local home java feature newer="" user=${HOME:-/nowhere}
  feature=$(jdk_feature "${JAVA_HOME:-/nowhere}")
  if [ "${feature:-0}" -ge 25 ]; then
    export JAVA_HOME
    return 0
  fi
  java=$(command -v java || true)
  while [ -L "$java" ]; do
    case $(readlink "$java") in
      /*) java=$(readlink "$java") ;;
      *) java=$(dirname "$java")/$(readlink "$java") ;;
    esac
  done
  for home in \
    "${java%/bin/java}" \
    /usr/lib/jvm/* \
    "$([ ! -x /usr/libexec/java_home ] || /usr/libexec/java_home -v 25 2>/dev/null)" \
    /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "$user"/Library/Java/JavaVirtualMachines/*/Contents/Home \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    "$user"/.sdkman/candidates/java/* \
    "$user"/.asdf/installs/java/* \
    "$user"/.local/share/mise/installs/java/* \
    "$user"/.jdks/* \
    /opt/*jdk* \
    /opt/java/*; do
    feature=$(jdk_feature "$home")
    if [ "${feature:-0}" -eq 25 ]; then
      export JAVA_HOME=$home
      return 0
    fi
    if [ -z "$newer" ] && [ "${feature:-0}" -gt 25 ]; then
      newer=$home
    fi
  done
  if [ -n "$newer" ]; then
    export JAVA_HOME=$newer
    return 0
  fi
  echo "no JDK 25 found: install one (Debian: temurin-25-jdk or openjdk-25-jdk; macOS: brew install openjdk@25;" \
    "anywhere: sdk install java 25-tem or https://adoptium.net), or set JAVA_HOME to it" >&2
  exit 2
}

# Copies its input to standard error without the JVM's line about incubator modules, which comes before our first; from
# there on every byte passes at once. It must outlive an interrupt from the keyboard, to show what pbb says about it.
without_incubator_warning() {
  local line
  trap '' INT TERM HUP QUIT
  while IFS= read -r line; do
    if [ "$line" = "WARNING: Using incubator modules: jdk.incubator.vector" ]; then
      exec cat >&2
    fi
    printf '%s\n' "$line" >&2
  done
  printf '%s' "$line" >&2
}
