#!/bin/sh
# The edge side in a container or a service unit: runs Caddy with the part that the app rendered, and puts later parts in
# force.
#
# The app leaves a part in EDGE_FOLDER/next/<digest>.caddy. Caddy itself checks it; if it is good it is loaded, and the
# outcome is left in EDGE_FOLDER/result/<digest>.json. The app neither holds the binary nor reaches the admin socket, which
# is in a /tmp of the container's or the unit's own.
#
# Files that were handed out when the container or the unit started stay as they were, whatever they are replaced by outside.
# So a part ends with the digests of what the app has read in them: it is not loaded, and nobody is told that it is in force,
# while Caddy would read something else.
set -u

EDGE_FOLDER=${EDGE_FOLDER:-/edge}
NEXT=$EDGE_FOLDER/next
RESULT=$EDGE_FOLDER/result
CURRENT=$EDGE_STORAGE/current.caddy
OWN=${TMPDIR:-/tmp}
SAID=$OWN/caddy-said
FIRST_PART_WITHIN_S=120
EX_CONFIG=78

say() { echo "postern-edge: $*" >&2; }

# caddy_with PART VERB [FLAG…]: Caddy on the whole configuration with that part in it.
caddy_with() {
  part=$1
  shift
  EDGE_PART=$part caddy "$@" --config Caddyfile --adapter caddyfile
}

# A CA file without certificates would count as a CA that signed none, and turn everybody away.
authorities_are_there() {
  for name in client-ca.pem internal-ca.pem; do
    if ! grep -q 'BEGIN CERTIFICATE' "$EDGE_SECRETS/$name" 2>/dev/null; then
      echo "Error: $EDGE_SECRETS/$name holds no certificate" >"$SAID"
      return 1
    fi
  done
}

# has_its_files PART: whether this side has what the app has read, or else sets `other`. Caddy itself misses what it needs and
# does not find.
has_its_files() {
  other=$1 # which may be taken back at any moment
  while read -r sharp kind digest ref; do
    [ "$sharp $kind" = '# sha256' ] || continue
    case $ref in secret:*) other=$EDGE_SECRETS/${ref#secret:} ;; *) other=${ref#file:} ;; esac
    [ -e "$other" ] || continue
    case $(sha256sum <"$other") in "$digest "*) ;; *) return 1 ;; esac
  done <"$1"
}

is_not_stale() {
  has_its_files "$1" && return
  remedy='docker compose up -d --force-recreate caddy, or systemctl restart postern-app postern-edge, then apply again'
  echo "Error: $other is another file here than the app has read. What is handed out at a start stays as it was: $remedy" >"$SAID"
  return 1
}

checks_out() { authorities_are_there && caddy_with "$1" validate >"$SAID" 2>&1; }

# Always forced: a plain reload sees no change in a file that the configuration only names, such as the client CA.
reloads() { is_not_stale "$1" && checks_out "$1" && caddy_with "$1" reload --force --address "unix/$EDGE_ADMIN" >"$SAID" 2>&1; }

answer() { # DIGEST yes|no
  if [ "$2" = yes ]; then
    json='{"ok":true}'
  else
    reason=$(grep '^Error: ' "$SAID" | tail -n 1 | sed 's/^Error: //')
    reason=$(printf '%s' "${reason:-Caddy gave no reason}" | tr -d '\000-\037' | sed 's/\\/\\\\/g; s/"/\\"/g')
    json="{\"ok\":false,\"error\":\"$reason\"}"
    say "refused $1: $reason"
  fi
  printf '%s\n' "$json" >"$RESULT/.$1" && mv "$RESULT/.$1" "$RESULT/$1.json"
}

put_in_place() { cp "$1" "$CURRENT.new" && mv "$CURRENT.new" "$CURRENT"; }

digest_of() { basename "$1" .caddy; }

# True when FILE was written after OTHER, or when there is no OTHER.
newer() { [ ! -e "$2" ] || [ -n "$(find "$1" -newer "$2")" ]; }

# Parts that were asked for and not answered since. Their names are digests, so that nothing needs quoting.
waiting_parts() {
  for part in "$NEXT"/*.caddy; do
    [ ! -e "$part" ] || ! newer "$part" "$RESULT/$(digest_of "$part").json" || echo "$part"
  done
}

newest_part() {
  newest=''
  for part in "$NEXT"/*.caddy; do
    [ ! -e "$part" ] || { [ -n "$newest" ] && ! newer "$part" "$newest"; } || newest=$part
  done
}

# Other files than the app has read keep no site from starting: they are the newest that there are, and the app has yet to
# read them. But they are not what the part says.
starts_with() {
  checks_out "$1" || return
  put_in_place "$1"
  has_its_files "$1" && answer "$(digest_of "$1")" yes && return
  echo "Error: started with another $other than the app had read by then: apply again" >"$SAID"
  answer "$(digest_of "$1")" no
}

first_part() {
  waited=0
  while newest_part && [ -z "$newest" ] && [ ! -e "$CURRENT" ]; do
    [ "$waited" -lt "$FIRST_PART_WITHIN_S" ] || { say "no part in $NEXT: is the app running?" && exit "$EX_CONFIG"; }
    waited=$((waited + 1))
    sleep 1
  done
  if [ -n "$newest" ]; then
    starts_with "$newest" && return
    answer "$(digest_of "$newest")" no
  fi
  if [ ! -e "$CURRENT" ] || ! checks_out "$CURRENT"; then
    say 'there is no earlier part that could be used'
    exit "$EX_CONFIG"
  fi
  say 'going on with the part that was in force before'
}

# The root of certificates that Caddy signed itself, for those who call it by a local name.
show_root() {
  root=$EDGE_STORAGE/pki/authorities/local/root.crt
  [ ! -r "$root" ] || cmp -s "$root" "$EDGE_FOLDER/edge-ca.pem" || { cp "$root" "$OWN/root.pem" && cp "$OWN/root.pem" "$EDGE_FOLDER/edge-ca.pem"; }
}

mkdir -p "$RESULT"
first_part
# Not by caddy_with: of a function the shell would make a process of its own, which would take Caddy's signals and end alone.
EDGE_PART=$CURRENT caddy run --config Caddyfile --adapter caddyfile &
caddy=$!
echo "$caddy" >"$OWN/caddy.pid"
trap 'kill -TERM "$caddy" 2>/dev/null' TERM INT

while kill -0 "$caddy" 2>/dev/null; do
  for part in $(waiting_parts); do
    if reloads "$part"; then
      put_in_place "$part"
      answer "$(digest_of "$part")" yes
    else
      answer "$(digest_of "$part")" no
    fi
  done
  show_root
  sleep 1 &
  wait $!
done
wait "$caddy"
