#!/bin/sh
# Makes sure that the programs which tests and demo run beside Node are here. Installs them by the system's package manager
# when that is possible without asking; otherwise says in one line what to install.
set -eu

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo && sudo -n true 2>/dev/null; then sudo "$@"; else return 1; fi
}

install_package() {
  have apt-get || return 1
  echo "installing $1 ..."
  # The package's own service is not wanted: tests start their own servers on free ports.
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q "$1" >/dev/null 2>&1 ||
    { as_root apt-get update -q >/dev/null 2>&1 &&
      as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q "$1" >/dev/null; }
}

if [ -z "${REDIS_SERVER:-}" ] && ! have redis-server && ! have valkey-server; then
  install_package redis-server || {
    echo "redis-server is needed: install the package 'redis-server' (Debian, Ubuntu) or 'redis' (Homebrew, Fedora), or set REDIS_SERVER to its path" >&2
    exit 1
  }
fi

if [ -z "${CHROMIUM:-}" ] && ! have chromium && ! have chromium-browser && ! have google-chrome; then
  # Everything but the tests of the dashboard works without it, and they say so.
  install_package chromium ||
    echo "chromium is missing: the tests of the dashboard will fail; install the package 'chromium', or set CHROMIUM to the path of one" >&2
fi

if [ -z "${KUBECTL:-}" ] && ! have kubectl; then
  install_package kubectl || {
    echo "kubectl 1.27 or newer is needed: see https://kubernetes.io/docs/tasks/tools/, or set KUBECTL to its path" >&2
    exit 1
  }
fi

# What is shipped is tried with the programs that people run it with.
need() {
  have "$1" || PATH="$PATH:/usr/sbin" have "$1" || install_package "$2" ||
    echo "$1 is missing: tests of what is shipped will fail; install the package '$2'" >&2
}
need buildah buildah
need promtool prometheus
need nginx nginx
need haproxy haproxy
need systemd-analyze systemd
