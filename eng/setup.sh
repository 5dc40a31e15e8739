# Sourced by ./tx and ./test: what they need on a fresh machine. Says nothing when nothing is to be done.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

need_dotnet() {
    if ! command -v dotnet >/dev/null 2>&1; then
        echo "tx: the .NET 10 SDK is missing; install it (Debian 12, Ubuntu 24.04: package dotnet-sdk-10.0) and try again" >&2
        return 1
    fi
}

# have_library NAME PATTERN...: is a shared library with one of these names known to the loader or in a usual place?
have_library() {
    local name
    for name in "$@"; do
        local path
        for path in /usr/lib/*-linux-gnu/$name /usr/lib/$name /usr/lib64/$name /usr/local/lib/$name /usr/lib/llvm-19/lib/$name; do
            [ -e "$path" ] && return 0
        done
    done
    return 1
}

need_libraries() {
    local missing=""
    [ -n "${TX_LLVM:-}" ] || have_library libLLVM.so.19.1 libLLVM-19.so.1 libLLVM-19.so || missing="$missing libllvm19"
    [ -n "${TX_ISL:-}" ] || have_library libisl.so.23 libisl.so.22 || missing="$missing libisl23"
    install_packages "$missing" "install LLVM 19 and isl, or name the libraries in TX_LLVM and TX_ISL"
}

# A compiler of C: tests run kernels in C and link shared libraries.
need_c_compiler() {
    local missing=""
    command -v cc >/dev/null 2>&1 || missing=" gcc"
    [ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
    install_packages "$missing" "install a compiler of C"
}

# Compilers of C for this machine, aarch64 and microcontrollers, and emulators of the last two.
need_cross() {
    local missing="" pair
    for pair in gcc:gcc arm-none-eabi-gcc:gcc-arm-none-eabi qemu-system-arm:qemu-system-arm qemu-aarch64:qemu-user aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
    done
    command -v clang-19 >/dev/null 2>&1 || command -v clang >/dev/null 2>&1 || missing="$missing clang"
    [ -e /usr/lib/arm-none-eabi/newlib/nano.specs ] || [ -e /usr/lib/arm-none-eabi/lib/nano.specs ] || missing="$missing libnewlib-arm-none-eabi"
    [ -e /usr/aarch64-linux-gnu/include/stdio.h ] || missing="$missing libc6-dev-arm64-cross"
    [ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
    install_packages "$missing" "install these compilers and emulators"
}

# install_packages NAMES OTHERWISE: installs packages of Debian; the second says what to do where that is not possible.
install_packages() {
    local missing=$1
    [ -n "$missing" ] || return 0
    local command="apt-get install -y --no-install-recommends$missing" as=""
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as="sudo -n"; else
            echo "tx:$missing missing; install with" >&2
            echo "    sudo apt-get update && sudo $command" >&2
            return 1
        fi
    fi
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "tx:$missing missing, and there is no apt-get here; $2" >&2
        return 1
    fi
    echo "tx: installing$missing" >&2
    local log; log=$(mktemp)
    if { $as apt-get update && $as env DEBIAN_FRONTEND=noninteractive $command; } >"$log" 2>&1; then rm -f "$log"; else
        tail -n 5 "$log" >&2
        echo "tx: that failed; install with" >&2
        echo "    ${as:+sudo }apt-get update && ${as:+sudo }$command" >&2
        rm -f "$log"
        return 1
    fi
}

runtime_identifier() {
    case "$(uname -m)" in
        aarch64|arm64) echo linux-arm64 ;;
        *) echo linux-x64 ;;
    esac
}

# True where a source is newer than the last build.
needs_build() {
    local stamp="$root/artifacts/tx.stamp"
    [ -e "$stamp" ] && [ -x "$root/artifacts/tx/Tx.Repl" ] || return 0
    [ -n "$(find "$root/src" "$root/lib" "$root/Directory.Build.props" "$root/Directory.Packages.props" -newer "$stamp" \
        \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' -o -name '*.tx' -o -name '*.md' -o -type d \) -print -quit)" ]
}

build_release() {
    needs_build || return 0
    mkdir -p "$root/artifacts"
    (
        flock 9
        needs_build || exit 0
        echo "tx: building" >&2
        touch "$root/artifacts/tx.stamp.new"
        log="$root/artifacts/build.log"
        if dotnet publish "$root/src/Repl/Repl.csproj" -c Release -r "$(runtime_identifier)" --self-contained false \
            -p:PublishReadyToRun=true -p:GenerateDocumentationFile=false -o "$root/artifacts/tx" -nodeReuse:false -v q >"$log" 2>&1
        then mv "$root/artifacts/tx.stamp.new" "$root/artifacts/tx.stamp"; else
            grep -E "error|warning" "$log" | sort -u | head -n 20 >&2
            echo "tx: the build failed; the whole log is in artifacts/build.log" >&2
            exit 1
        fi
    ) 9>"$root/artifacts/build.lock"
}
