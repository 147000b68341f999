# Sourced by scripts/release: its steps, in the order in which it does them.

# The oldest C library that the program must run with: that of Debian 11; RHEL 9 has a newer one.
oldest_glibc=2.31

# The tools that only a release takes, with their versions and features.
release_crates=(cargo-deb@3.8.0 "cargo-about@0.9.3 --features cli" cargo-cyclonedx@0.5.9)
tools=$PWD/target/release-tools/bin

need_release_tools() {
    need_command jq jq
    need_command objdump binutils
    need_command lintian lintian
    local crate
    for crate in "${release_crates[@]}"; do
        [ -x "$tools/${crate%@*}" ] && continue
        echo "Installing $crate; this takes some minutes." >&2
        # Its features are words of their own.
        # shellcheck disable=SC2086
        cargo install --locked --quiet --root "${tools%/bin}" $crate
    done
}

# Sets the variables that all steps share, and checks that all packages are of one version.
begin() {
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
    local other
    for other in "$(jq -r .version bindings/js/package.json)" \
        "$(sed -n 's/^version = "\(.*\)"/\1/p' bindings/python/pyproject.toml)" \
        "$(sed -n 's/^cli = \["aiwg-cli==\(.*\)"\]/\1/p' bindings/python/pyproject.toml)"; do
        [ "$other" = "$version" ] || cannot "Cargo.toml has the version $version, and a client's package has $other: give all the same."
    done
    # What is built at another time, or elsewhere, is to be the same: https://reproducible-builds.org/specs/source-date-epoch/
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
    AIWG_COMMIT=$(git rev-parse HEAD)
    AIWG_COMMIT_DATE=$(git log -1 --format=%cs)
    AIWG_VERSION=$version
    # npm packs the permissions as they are.
    umask 022
    export SOURCE_DATE_EPOCH AIWG_COMMIT AIWG_COMMIT_DATE AIWG_VERSION
    case $(uname -m) in
        x86_64) triple=x86_64-unknown-linux-gnu node_cpu=x64 ;;
        aarch64) triple=aarch64-unknown-linux-gnu node_cpu=arm64 ;;
        *) cannot "Nobody has tried to package aiwg for $(uname -m) yet: see scripts/lib/release/steps.sh." ;;
    esac
    work=$PWD/target/packages
    if $for_tests; then work=$PWD/target/packages-of-tests; fi
    programs=$work/programs
    rm -rf "$work"/{source,programs,share,npm,python,tarball,crates} "$out"
    mkdir -p "$programs" "$out"
    python=$work/venv/bin/python
    local requirements=packaging/release-requirements.txt
    if $for_tests; then requirements=packaging/requirements.txt; fi
    venv "$work/venv" "$requirements"
}

# Unpacks the last commit: what lies in the working tree besides is not published.
check_out_the_commit() {
    source_tree=$work/source
    mkdir -p "$source_tree"
    git archive HEAD | tar -x -C "$source_tree"
    [ -z "$(git status --porcelain)" ] || echo "Note: what is not committed is not in it." >&2
}

take_programs_of_the_tests() {
    # Only the wheel's name depends on it.
    glibc=$(getconf GNU_LIBC_VERSION | cut -d ' ' -f 2)
    local program
    for program in aiwg aiwg-shim; do
        strip --strip-debug -o "$programs/$program" "target/debug/$program" ||
            cannot "target/debug/$program is not there: \`cargo build\` makes it."
    done
}

# Compiles the programs, so that they need no newer C library, and name no directory of this machine.
build_programs() {
    glibc=$oldest_glibc
    local target=$work/target cargo_home=${CARGO_HOME:-$HOME/.cargo}
    local renamed=("$source_tree=/aiwg" "$target=/target" "$cargo_home=/cargo")
    (
        cd "$source_tree"
        export PATH=$work/venv/bin:$PATH CARGO_INCREMENTAL=0
        export RUSTFLAGS="${renamed[*]/#/--remap-path-prefix=}" CFLAGS="${renamed[*]/#/-ffile-prefix-map=}"
        cargo zigbuild --locked --quiet --profile dist --target "$triple.$glibc" --target-dir "$target" -p aiwg
    )
    cp "$target/$triple/dist/aiwg" "$target/$triple/dist/aiwg-shim" "$programs/"
}

# Checks that the programs run with the oldest C library, and that they name no directory of this machine.
check_what_they_need() {
    local program newest
    for program in "$programs"/*; do
        newest=$(objdump -T "$program" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
        at_least "$glibc" "${newest#GLIBC_}" || cannot "$program needs $newest, and may need at most GLIBC_$glibc."
        if grep -qF -e "$PWD" -e "$HOME/" "$program"; then
            cannot "$program names a directory of this machine: see RUSTFLAGS in scripts/lib/release/steps.sh."
        fi
    done
    "$programs/aiwg" --version
}

# What the Debian package and the tarball have beside the programs.
make_manuals() {
    local share=$work/share
    mkdir -p "$share"/{man/man1,bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
    "$programs/aiwg" man "$share/man/man1" >/dev/null
    "$programs/aiwg" completions bash >"$share/bash-completion/completions/aiwg"
    "$programs/aiwg" completions zsh >"$share/zsh/vendor-completions/_aiwg"
    "$programs/aiwg" completions fish >"$share/fish/vendor_completions.d/aiwg.fish"
}

# The client and the command, and the package that has the program for this platform. None has a script that npm would run.
pack_npm() {
    local client=$work/npm/client platform=$work/npm/platform name=@aiwg/linux-$node_cpu
    mkdir -p "$platform/bin"
    "$source_tree/scripts/lib/stage-js" "$client"
    jq -c --arg name "$name" 'del(.scripts) | .optionalDependencies = {($name): .version}' "$source_tree/bindings/js/package.json" >"$client/package.json"
    cp "$programs"/* "$platform/bin/"
    cp "$source_tree/LICENSE" "$source_tree/packaging/npm/README.md" "$platform/"
    jq -n --arg name "$name" --arg version "$version" --arg cpu "$node_cpu" '{
        name: $name, version: $version, description: "The program of aiwg for linux-\($cpu).", license: "MIT",
        os: ["linux"], cpu: [$cpu], libc: ["glibc"], files: ["bin"], preferUnplugged: true
    }' >"$platform/package.json"
    npm pack --silent --pack-destination "$out" "$client" "$platform" >/dev/null
    "$source_tree/scripts/lib/shrink-tarball" "$out/aiwg-$(jq -r .version "$client/package.json").tgz"
}

# The client, as a wheel and as source; and a wheel that has the programs.
pack_python() {
    local client=$work/python/client command=$work/python/command
    mkdir -p "$work/python"
    # Of copies: what a build leaves behind does not belong in the tree.
    cp -r "$source_tree/bindings/python" "$client"
    "$python" -m build --no-isolation --outdir "$out" "$client" >/dev/null
    cp -r "$source_tree/packaging/python" "$command"
    cp -r "$programs" "$command/programs"
    cp "$source_tree/LICENSE" "$command/"
    AIWG_WHEEL_PLATFORM="manylinux_${glibc/./_}_$(uname -m)" \
        "$python" -m build --no-isolation --wheel --outdir "$out" "$command" >/dev/null
}

# The programs, manual pages, completions and the unit of systemd below one directory, for /usr/local or a home.
pack_tarball() {
    local name=aiwg-$version-$triple
    local folder=$work/tarball/$name
    mkdir -p "$folder/share" "$folder/bin"
    cp "$programs"/* "$folder/bin/"
    cp -r "$work/share/." "$folder/share/"
    # Wherever it is unpacked: the program is found as a shell finds it.
    mkdir -p "$folder/share/systemd/user"
    sed 's|=/usr/bin/aiwg |=/usr/bin/env PATH=%h/.local/bin:/usr/local/bin:/usr/bin:/bin aiwg |' \
        "$source_tree/packaging/debian/aiwg@.service" >"$folder/share/systemd/user/aiwg@.service"
    cp "$source_tree/LICENSE" "$source_tree/CHANGELOG.md" "$folder/"
    tar --create --directory "$work/tarball" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        --mode=go=rX,u+rw "$name" | gzip -n -9 >"$out/$name.tar.gz"
}

# The licences of all that is built in: one file for all packages. deny.toml says which ones may be.
collect_licences() {
    local allowed=$work/about.toml
    {
        sed -n '/^allow = \[/,/^\]/s/^allow/accepted/; /^accepted/,/^\]/p' "$source_tree/deny.toml"
        echo 'ignore-dev-dependencies = true'
        echo 'ignore-build-dependencies = true'
        echo "targets = [\"$triple\"]"
    } >"$allowed"
    # Those of other platforms are asked for as well, though nothing of them is listed.
    (cd "$source_tree" && cargo fetch --locked --quiet)
    (cd "$source_tree" && "$tools/cargo-about" generate --locked --offline --config "$allowed" --manifest-path cli/Cargo.toml \
        packaging/licences.hbs) >"$work/THIRD-PARTY-LICENCES"
    cp "$work/THIRD-PARTY-LICENCES" "$out/aiwg-$version-licences.txt"
}

# What [package.metadata.deb] of cli/Cargo.toml lists is put below cli/deb of the copied source.
pack_debian() {
    local folder=$source_tree/cli/deb maintainer
    maintainer=$(sed -n 's/^maintainer = "\(.*\)"/\1/p' "$source_tree/cli/Cargo.toml")
    mkdir -p "$folder"
    cp -r "$programs"/* "$work/share" "$work/THIRD-PARTY-LICENCES" "$source_tree/packaging/debian/"* \
        "$source_tree/LICENSE" "$folder/"
    gzip -n -9 <"$source_tree/CHANGELOG.md" >"$folder/changelog.gz"
    printf 'aiwg (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- %s  %s\n' "$version" "$maintainer" \
        "$(date --utc --date "@$SOURCE_DATE_EPOCH" --rfc-email)" >"$folder/changelog"
    (cd "$source_tree/cli" && "$tools/cargo-deb" --quiet --no-build --no-strip --output "$out/")
}

# Holds the Dockerfile to what Docker recommends.
check_dockerfile() {
    "$work/venv/bin/hadolint" "$source_tree/Dockerfile"
}

# Compiles what scripts/fuzz searches with: the tests call the same functions, without libFuzzer.
check_fuzz_targets() {
    (cd "$source_tree" && cargo check --locked --quiet -p aiwg-protocol-fuzz -p aiwg-server-fuzz --bins \
        --features aiwg-protocol-fuzz/targets,aiwg-server-fuzz/targets --target-dir "$work/crates")
}

# Reports what Debian's own checker finds in the package.
check_debian() {
    lintian --fail-on error,warning "$out"/*.deb
}

# The crates that the command consists of, each compiled once more from its packed files alone. Their documentation must be without a warning.
pack_crates() {
    local target=$work/crates
    (cd "$source_tree" && RUSTDOCFLAGS="-D warnings" cargo doc --locked --quiet --no-deps -p aiwg-protocol -p aiwg-protocol-macros -p aiwg-client \
        --target-dir "$target")
    (cd "$source_tree" && cargo package --locked --quiet --workspace --exclude aiwg-testing --exclude aiwg-platforms-stand-in \
        --exclude aiwg-protocol-fuzz --exclude aiwg-server-fuzz \
        --target-dir "$target")
    cp "$target"/package/*.crate "$out/"
}

# As CycloneDX: what the programs are made of.
write_bill_of_materials() {
    (cd "$source_tree/cli" && "$tools/cargo-cyclonedx" cyclonedx --format json --all --target "$triple" --override-filename bill)
    # Without what is another one each time: its number, its time, and the directory in which this is built.
    jq --argjson time "$SOURCE_DATE_EPOCH" 'del(.serialNumber) | .metadata.timestamp = ($time | todate)' "$source_tree/cli/bill.json" |
        sed "s|$source_tree|/aiwg|g" >"$out/aiwg-$version.cdx.json"
}

sum() {
    (cd "$out" && sha256sum -- * >SHA256SUMS)
    echo "In $out:"
    (cd "$out" && ls -l --human-readable | awk 'NR > 1 { print "  " $5 "\t" $9 }')
}
