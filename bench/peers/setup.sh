# Which setup a peer runs in, by SETUP. Sourced by the runners beside it, from their folders.
#   installed   as it comes: nothing preloaded, no tuned allocator, the environment as the caller has it
#   strongest   with what ../mkl/preload finds, an allocator that keeps its pages, and OpenBLAS told its core type
#   either      the same, where the two do not differ on this machine
# Sets `setup`, `preload` and, for `env`, `options`.

setup=${SETUP:-strongest}
preload=""
options=()
case $setup in
  installed) ;;
  strongest | either)
    preload=$(../mkl/preload)
    options=(LD_PRELOAD="$preload")
    case $preload in
      *jemalloc*) options+=(MALLOC_CONF=thp:always,dirty_decay_ms:-1,muzzy_decay_ms:-1) ;;
    esac
    ;;
  *)
    echo "SETUP must be installed, strongest or either, not $setup" >&2
    exit 1
    ;;
esac
options+=(SETUP="$setup")
# As lines have it: names without folders and endings, joined by +.
preload_names=$(for each in $preload; do basename "${each%%.so*}"; done | paste -sd+)

# setups SAME: prints which setups are worth measuring, where SAME is "same" if they do not differ here.
setups() {
  if [[ $1 == same ]]; then
    echo '{"what": "setups", "setups": ["either"]}'
  else
    echo '{"what": "setups", "setups": ["installed", "strongest"]}'
  fi
}
