# Sourced by the scripts: what a fresh machine may lack. Each `need_` notes Debian's packages in `missing`; `install_missing` then
# installs them all at once, or says what to install where it cannot.

missing=()
needs_node=false

cannot() {
    printf '%s\n' "$@" >&2
    exit 1
}

[ "$(uname -s)" = Linux ] ||
    cannot "aiwg is made for Linux and not tested on $(uname -s): use a Linux machine, or a container such as debian:12."

need_command() {
    command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}

# Whether a dotted version is at least another.
at_least() {
    [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

need_cargo() {
    local wanted found=""
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    found=$(rustc --version 2>/dev/null | cut -d ' ' -f 2) || true
    if ! command -v cargo >/dev/null 2>&1 || [ -z "$found" ]; then
        cannot "Rust is not installed; aiwg needs $wanted or newer. See https://rustup.rs, or:" \
            "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh && . ~/.cargo/env" "then run this again."
    fi
    at_least "${found%%-*}" "$wanted" ||
        cannot "Rust $found is too old: aiwg needs $wanted or newer. \`rustup update stable\` brings it; then run this again." \
            "(Rust of the distribution's own packages is often older: remove it in favour of https://rustup.rs.)"
    # SQLite is C, and cargo links with cc. A compiler without the C library's headers is none.
    echo 'int main(void) { return 0; }' | cc -x c -o /dev/null - >/dev/null 2>&1 || missing+=(gcc libc6-dev)
}

need_nextest() {
    cargo nextest --version >/dev/null 2>&1 && return
    echo "Installing cargo-nextest; this takes some minutes." >&2
    cargo install --locked --quiet cargo-nextest
}

need_node() {
    needs_node=true
    need_command node nodejs
    need_command npm npm
}

# What the JavaScript package is packed with.
need_packer() {
    need_node
    need_command zopfli zopfli
}

check_node() {
    local wanted
    wanted=$(sed -n 's/.*"node": ">=\(.*\)".*/\1/p' bindings/js/package.json)
    at_least "$(node --version | tr -d v)" "$wanted" ||
        cannot "Node $(node --version) is too old: the JavaScript client needs $wanted or newer. See https://nodejs.org/en/download;" \
            "then run this again."
}

need_python() {
    need_command python3 python3
    # Debian's Python has the module venv, but without this one it can make no environment.
    python3 -c 'import ensurepip' >/dev/null 2>&1 || missing+=(python3-venv)
}

# What tests drive beside the daemon.
need_test_tools() {
    need_command git git
    need_command vim vim
    need_command ed ed
    need_command jq jq
    need_command tmux tmux
    need_command zsh zsh
    need_command setpriv util-linux
    # Which calls wait for the disk is seen by it.
    need_command strace strace
    need_command ps procps
    need_command ssh openssh-client
    # The page of `aiwg dashboard` is tested in it.
    need_command chromium chromium
    # Its promtool checks the metrics, and the alerting rules on them.
    need_command promtool prometheus
    # Has deliveries of GitLab, for its own tests.
    [ -d /usr/share/gocode/src/github.com/xanzy/go-gitlab/testdata/webhooks ] || missing+=(golang-github-xanzy-go-gitlab-dev)
    if [ ! -x /usr/sbin/sshd ]; then
        missing+=(openssh-server)
        if [ -d /run/systemd/system ]; then
            echo "Note: the package openssh-server starts an SSH server on this machine, now and whenever it boots. The tests start one of" \
                "their own; \`sudo systemctl disable --now ssh\` switches the machine's off." >&2
        fi
    fi
}

# The store is tested on a PostgreSQL of the tests' own.
need_postgres() {
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null 2>&1 || missing+=(postgresql)
}

# libFuzzer is C++.
need_fuzz_tools() {
    echo 'int main() { return 0; }' | c++ -x c++ -o /dev/null - >/dev/null 2>&1 || missing+=(g++)
}

need_fuzz() {
    cargo fuzz --version >/dev/null 2>&1 && return
    echo "Installing cargo-fuzz; this takes some minutes." >&2
    cargo install --locked --quiet cargo-fuzz
}

# Installs what the calls before have found missing.
install_missing() {
    if [ ${#missing[@]} -gt 0 ]; then
        local sudo=()
        [ "$(id -u)" = 0 ] || sudo=(sudo)
        if ! command -v apt-get >/dev/null 2>&1 || { [ ${#sudo[@]} -gt 0 ] && ! command -v sudo >/dev/null 2>&1; }; then
            cannot "This is missing, and cannot be installed from here (that takes apt-get, and root or sudo):" \
                "  ${missing[*]}" "These are Debian's names of the packages. Install them, then run this again."
        fi
        echo "Installing ${missing[*]}" >&2
        "${sudo[@]}" apt-get update -qq >/dev/null
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
        missing=()
    fi
    if "$needs_node"; then check_node; fi
    # sshd wants it, and only the service that nobody starts here would make it.
    if [ "$(id -u)" = 0 ] && [ -x /usr/sbin/sshd ]; then mkdir -p /run/sshd; fi
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

# A folder with just the packages of a lock file, in node_modules. Left alone if it has them already.
node_packages() {
    local folder=$1 source=$2
    cmp -s "$source/package-lock.json" "$folder/installed.json" && return
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$source/package.json" "$source/package-lock.json" "$folder/"
    (cd "$folder" && npm ci --silent --no-audit --no-fund)
    cp "$source/package-lock.json" "$folder/installed.json"
}
