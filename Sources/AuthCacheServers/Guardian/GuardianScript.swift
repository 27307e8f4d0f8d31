/// What a ``Guardian`` runs: POSIX shell, because every machine has one and it dies of nothing the parent does.
enum GuardianScript {
  static let text = """
    trap '' INT TERM HUP PIPE
    folder=$(mktemp -d "$1/authcache-XXXXXX") && chmod 755 "$folder" && echo "$folder" || exit 1
    server=

    # The letter of a process's state, nothing if there is no such process.
    state() {
      if [ -r /proc/self/stat ]; then
        { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
        line=${line##*) }
        echo "${line%% *}"
      else
        ps -o state= -p "$1" | cut -c 1
      fi
    }
    alive() { case $(state "$1") in '' | Z | X) return 1 ;; esac; }
    stopped() { case $(state "$1") in T | t | '' | Z | X) ;; *) return 1 ;; esac; }

    children() {
      if [ -r /proc/self/stat ]; then
        for entry in /proc/[0-9]*; do
          { read -r line <"$entry/stat"; } 2>/dev/null || continue
          set -- ${line##*) }
          if [ "$2" = "$server" ]; then echo "${entry#/proc/}"; fi
        done
      else
        pgrep -P "$server"
      fi
    }

    # Sent until it works: somebody else may send the opposite.
    halt() {
      until stopped "$1"; do
        kill -STOP "$1" 2>/dev/null
        stopped "$1" || sleep 0.01
      done
    }
    # Nobody is born any more once the first process has stopped, and it sees none of the others die.
    freeze() {
      [ -n "$server" ] || return 0
      halt "$server"
      for id in $(children); do halt "$id"; done
    }
    thaw() {
      [ -n "$server" ] || return 0
      for id in $(children) "$server"; do kill -CONT "$id" 2>/dev/null; done
    }
    slay() {
      [ -n "$server" ] || return 0
      halt "$server"
      for id in $(children); do
        kill -KILL "$id" 2>/dev/null
        while alive "$id"; do sleep 0.01; done
      done
      kill -KILL "$server" 2>/dev/null
      wait "$server" 2>/dev/null
      server=
    }
    # By force after ten seconds.
    stop() {
      [ -n "$server" ] || return 0
      kill "-$1" "$server" 2>/dev/null
      thaw
      turns=0
      while alive "$server" && [ $turns -lt 500 ]; do
        sleep 0.02
        turns=$((turns + 1))
      done
      slay
    }

    while read -r order; do
      case $order in
        prepare)
          (trap - INT TERM HUP PIPE; exec sh "$folder/prepare") </dev/null >>"$folder/log" 2>&1
          echo $? ;;
        start)
          if [ -z "$server" ] || ! alive "$server"; then
            (trap - INT TERM HUP PIPE; exec sh "$folder/start") </dev/null >>"$folder/log" 2>&1 &
            server=$!
          fi
          echo "$server" ;;
        isAlive) if [ -n "$server" ] && alive "$server"; then echo yes; else echo no; fi ;;
        stop) stop "$2"; echo stopped ;;
        kill) slay; echo killed ;;
        freeze) freeze; echo frozen ;;
        thaw) thaw; echo thawed ;;
      esac
    done

    slay
    # A PostgreSQL that was killed leaves its place in System V shared memory to whoever finds it.
    set -- $(sed -n 7p "$folder/data/postmaster.pid" 2>/dev/null)
    if [ -n "$2" ]; then ipcrm -m "$2" 2>/dev/null; fi
    rm -rf "$folder"
    # The folders of checks whose process was killed.
    alive "$PPID" || rm -rf "${TMPDIR:-/tmp}/authcache-$PPID-"*
    """
}
