# Builds modules with Maven when their sources changed. Sourced by the scripts beside it, which set `root` to the
# repository and call find_jdk first.

# Whether anything in the files and folders $2... is newer than stamp file $1. A folder is newer too once a file in it
# was deleted.
sources_changed() {
  local stamp=$1
  shift
  [ ! -e "$stamp" ] || [ -n "$(find "$@" -newer "$stamp" -print 2>/dev/null | head -n 1)" ]
}

# The lock is a symbolic link that names its holder's process: made, with its content, in one step.
take_lock() {
  local lock=$1 holder
  until ln -s "$$" "$lock" 2>/dev/null; do
    holder=$(readlink "$lock" || true)
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
      # Its holder died. Moved aside first, so that a lock that someone took meanwhile is seen and put back.
      if mv "$lock" "$lock.$$" 2>/dev/null; then
        if [ "$(readlink "$lock.$$")" = "$holder" ]; then
          rm -f "$lock.$$"
        else
          mv "$lock.$$" "$lock"
        fi
      fi
    else
      sleep 0.2
    fi
  done
}

# build_if_changed NAME ARTIFACT MODULE...: packages the modules, without tests, unless ARTIFACT (a glob pattern) is there
# and nothing changed since the last such build of NAME. Maven's output goes to target/build-NAME.log.
build_if_changed() {
  local name=$1 artifact=$2 module modules=""
  local stamp="$root/target/built-$name" log="$root/target/build-$name.log"
  shift 2
  for module in "$@"; do
    modules="$modules,$module"
  done
  set -- "$root/pom.xml"
  for module in ${modules//,/ }; do
    set -- "$@" "$root/$module/pom.xml" "$root/$module/src/main"
  done
  if compgen -G "$artifact" >/dev/null && ! sources_changed "$stamp" "$@"; then
    return 0
  fi
  if ! command -v mvn >/dev/null; then
    echo "no Maven found: install it (Debian: apt install maven; macOS: brew install maven)" >&2
    exit 2
  fi
  mkdir -p "$root/target"
  take_lock "$root/target/build.lock"
  trap 'rm -f "$root/target/build.lock"' EXIT
  if ! compgen -G "$artifact" >/dev/null || sources_changed "$stamp" "$@"; then
    echo "building (first use takes about a minute)" >&2
    # Stamped with the time before the build: what is edited during it counts as changed.
    touch "$stamp.next"
    if ! mvn -B -f "$root/pom.xml" -pl "${modules#,}" -Dmaven.test.skip=true -Djacoco.skip=true package \
      >"$log" 2>&1 </dev/null; then
      { grep -E '^\[(ERROR|WARNING)\] .*[^ ]' "$log" || cat "$log"; } | head -n 20 >&2
      echo "the build failed: the lines above are from $log" >&2
      exit 1
    fi
    mv "$stamp.next" "$stamp"
  fi
  rm -f "$root/target/build.lock"
  trap - EXIT
}
