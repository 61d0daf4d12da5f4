#!/bin/bash
# Proves the two commands on machines that have nothing: minimal Debian trees with python3 and make.
#
#   ops/prove_fresh.sh                    bookworm and trixie, as root and as a user: servers, run
#   ops/prove_fresh.sh bookworm root test     one tree, one person, what to prove: servers|run|test
#
# Needs root, debootstrap and the network. What is proved is HEAD, as a clone would have it. As root
# the checkout lies in /root, which others may not enter, in a path with spaces; as a user first
# without python3-venv, where the one command that gets it must be named.
set -euo pipefail
cd "$(dirname "$0")/.."
TREES=${FRESH_TREES:-/var/tmp/registry-fresh}
MIRROR=${FRESH_MIRROR:-}  # debootstrap knows its own; another may be named
PORT=8345

base() {  # a tree of that suite, made once
  local tree="$TREES/$1"
  [ -e "$tree.made" ] && return
  rm -rf "$tree"; mkdir -p "$TREES"
  debootstrap --variant=minbase --include=python3,make "$1" "$tree" ${MIRROR:+"$MIRROR"} >"$tree.log" 2>&1 ||
    { tail "$tree.log"; exit 1; }
  touch "$tree.made"
}

checkout() {  # suite person -> a fresh tree with HEAD in it; sets TREE and HOME_OF and WHERE
  base "$1"
  TREE="$TREES/$1-$2"
  rm -rf "$TREE"; cp -a "$TREES/$1" "$TREE"
  cp /etc/resolv.conf /etc/hosts "$TREE/etc/"
  # A proxy that opens TLS has its authority in a file that variables name. It gets a place of its
  # own, because apt writes the usual one when it installs ca-certificates.
  if [ -f "${SSL_CERT_FILE:-}" ]; then cp -L "$SSL_CERT_FILE" "$TREE/opt/authority.crt"; fi
  if [ "$2" = root ]; then HOME_OF=/root; else
    HOME_OF=/home/$2
    chroot "$TREE" useradd --create-home "$2"
  fi
  WHERE="$HOME_OF/carbon registry"
  mkdir -p "$TREE$WHERE"
  git archive HEAD | tar -x -C "$TREE$WHERE"
  [ "$2" = root ] || chroot "$TREE" chown -R "$2:$2" "$WHERE"
}

inside() {  # person command...: in TREE and WHERE, with nothing but a plain environment
  local person=$1; shift
  local kept=() name
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [ -n "${!name:-}" ] && kept+=("$name=${!name}")
  done
  if [ -f "$TREE/opt/authority.crt" ]; then
    for name in SSL_CERT_FILE PIP_CERT NODE_EXTRA_CA_CERTS; do kept+=("$name=/opt/authority.crt"); done
  fi
  unshare --mount --pid --fork --kill-child bash -c '
    mount -t proc proc "$1/proc"; mount -t tmpfs tmpfs "$1/dev/shm"
    exec chroot --userspec="$2" "$1" /usr/bin/env -i \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "${@:4}"
  ' fresh "$TREE" "$person" "$WHERE" "HOME=$HOME_OF" "PORT=$PORT" "${kept[@]}" \
    sh -c 'cd "$0" && exec "$@"' "$WHERE" "$@" </dev/null
}

expect() {  # text command...: the command's output must contain the text
  local text=$1 output; shift
  output=$("$@" 2>&1) || true
  grep -qF -- "$text" <<<"$output" || { echo "$output"; echo "MISSING: $text"; exit 1; }
  echo "  said: $text"
}

prove_setup() {
  if [ "$1" != root ]; then
    expect "sudo apt-get install -y python3-venv" inside "$1" make setup
    inside root sh -c 'export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && apt-get -qq -o Dpkg::Use-Pty=0 install -y python3-venv >/dev/null'
  fi
  inside "$1" make setup
  expect "up to date" inside "$1" sh -c 'make setup 2>&1 | grep . || echo up to date'
}

prove_servers() {
  local versions='import os, psycopg2, redis
c = psycopg2.connect(os.environ["DATABASE_URL"]).cursor()
c.execute("SHOW server_version"); print("PostgreSQL", c.fetchone()[0])
r = redis.Redis.from_url(os.environ["REDIS_URL"])
print("Redis", r.info("server")["redis_version"])'
  expect "PostgreSQL 18" inside "$1" .venv/bin/python -m ops.serve python -c "$versions"
  expect "Redis " inside "$1" .venv/bin/python -m ops.serve python -c "$versions"
}

prove_run() {
  inside "$1" python3 ops/prove_run.py
}

prove_test() {
  inside "$1" make test
}

prove() {  # suite person what...
  echo "== $1 as $2"
  checkout "$1" "$2"
  prove_setup "$2"
  for what in "${@:3}"; do echo "-- $what"; "prove_$what" "$2"; done
}

if [ $# -gt 0 ]; then
  prove "$1" "$2" "${@:3}"
else
  for suite in bookworm trixie; do
    for person in root person; do prove "$suite" "$person" servers run; done
  done
fi
echo "Proved."
