#!/bin/sh
# Unpacks one Debian package of any suite into a folder, the system untouched:
#
#   scripts/debian-package.sh SUITE PACKAGE FOLDER
#
# apt fetches it with lists and caches of its own, and checks its signature with the system's Debian keyring; dpkg-deb
# unpacks it. No dependencies are followed, no maintainer script runs, no root is needed. apt's own checks are left as
# the machine has them. Says what went wrong in one line on standard error; everything apt says goes to standard output.
set -eu

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

die() {
  echo "$*" >&2
  exit 1
}

# The archive that this system itself is installed from: the first URI of its Debian source.
archive() {
  for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list.d/*.sources; do
    [ -r "$file" ] || continue
    case $file in */debian.sources) ;; *) grep -q debian-archive "$file" || continue ;; esac
    uri=$(sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' "$file" | head -n 1)
    [ -z "$uri" ] || { echo "$uri" && return; }
  done
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    sed -n 's/^deb[[:space:]]*\(\[[^]]*\]\)\{0,1\}[[:space:]]*\([^[:space:]]*\).*/\2/p' | head -n 1
}

[ $# -eq 3 ] || die "usage: scripts/debian-package.sh SUITE PACKAGE FOLDER"
suite=$1 package=$2 folder=$3

command -v apt-get >/dev/null || die "there is no apt-get on this system"
command -v dpkg-deb >/dev/null || die "there is no dpkg-deb on this system"
[ -r "$KEYRING" ] || die "the Debian keyring $KEYRING is missing (package debian-archive-keyring)"
uri=$(archive)
[ -n "$uri" ] || die "no Debian archive is named in /etc/apt"

work=$(mktemp -d "${TMPDIR:-/tmp}/postern-apt.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/content"
: >"$work/status"
cat >"$work/debian.sources" <<END
Types: deb
URIs: $uri
Suites: $suite
Components: main
Signed-By: $KEYRING
END
# A file and not -o options: only a file can clear what the system's own hooks would do after an update.
cat >"$work/apt.conf" <<END
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::DEP-11-icons-small;
#clear Acquire::IndexTargets::deb::DEP-11-icons;
#clear Acquire::IndexTargets::deb::DEP-11-icons-large;
#clear Acquire::IndexTargets::deb::DEP-11-icons-hidpi;
#clear Acquire::IndexTargets::deb::DEP-11-icons-large-hidpi;
Dir::Etc::SourceList "$work/debian.sources";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::State::status "$work/status";
Dir::Cache "$work";
Dir::Cache::Archives "$work/archives";
APT::Sandbox::User "";
Debug::NoLocking "1";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
END

apt-get -c "$work/apt.conf" update 2>&1 || die "apt could not read the suite $suite"
# apt calls a list that it could not fetch a warning, and still succeeds.
ls "$work"/lists/*_Packages* >/dev/null 2>&1 || die "apt could not fetch the lists of the suite $suite"
(cd "$work" && apt-get -c "$work/apt.conf" download "$package" 2>&1) ||
  die "apt could not download $package from the suite $suite"
dpkg-deb -x "$work/${package}"_*.deb "$work/content" 2>&1 || die "dpkg-deb could not unpack $package"
mkdir -p "$folder"
cp -a "$work/content/." "$folder/" || die "$package could not be copied to $folder"
