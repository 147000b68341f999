# Sourced by the scripts: what a fresh machine may lack, by package name.

# A Debian package that provides a command.
need_package() {
    local command=$1 package=$2
    command -v "$command" >/dev/null 2>&1 && return
    echo "installing $package" >&2
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq "$package" >/dev/null
}

need_cargo() {
    command -v cargo >/dev/null 2>&1 && return
    echo "aiwg needs Rust 1.95 or newer: install it with rustup, then run this again" >&2
    exit 1
}

need_nextest() {
    cargo nextest --version >/dev/null 2>&1 && return
    echo "installing cargo-nextest" >&2
    cargo install --locked --quiet cargo-nextest
}

need_node() {
    need_package node nodejs
    need_package npm npm
}

need_python() {
    need_package python3 python3
    python3 -m venv --help >/dev/null 2>&1 || need_package python3-venv-is-missing python3-venv
}

# What tests drive beside the daemon.
need_test_tools() {
    need_package git git
    need_package vim vim
    need_package ed ed
    need_package jq jq
    need_package tmux tmux
    need_package setpriv util-linux
    need_package ps procps
    need_package ssh openssh-client
    [ -x /usr/sbin/sshd ] || need_package sshd-is-missing openssh-server
    # The package leaves it to the service that nobody starts here.
    if [ "$(id -u)" = 0 ]; then mkdir -p /run/sshd; fi
}

need_fuzz() {
    cargo fuzz --version >/dev/null 2>&1 && return
    echo "installing cargo-fuzz" >&2
    cargo install --locked --quiet cargo-fuzz
}

# A Python environment in this folder with just these packages. Left alone if it has them already.
venv() {
    local folder=$1 requirements=$2
    cmp -s "$requirements" "$folder/requirements.txt" && return
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$folder/requirements.txt"
}
