#!/usr/bin/env bash
# Sets a Debian 12 server up from nothing, or brings one up to date; again changes nothing.
#
#     tools/deploy_databoard.sh --site=ramp.example.org --backup=/mnt/backup
#     DRY_RUN=1 tools/deploy_databoard.sh ...       prints what it would do
#
# Run it as root from a release (dist/releases/<tag>, copied to the server) or from a checkout.
#
#     --site=NAME        name of the site, for nginx and for links in letters
#     --code=FOLDER      releases                                     (/srv/databoard/code)
#     --data=FOLDER      problems, submissions, db                    (/srv/databoard/data)
#     --backup=FOLDER    backups, on a mounted disk; none without
#     --tls=FOLDER       fullchain.pem and privkey.pem; made, unsigned by anybody, where there are
#                        none. --tls=none: a proxy before this server does TLS
#     --despite-red      goes on, and ends with 0, although manage.py doctor finds something red
#     --only=SECTION,... packages users database settings release services nginx crontab
#     --prefix=FOLDER    lays the files of these sections below a folder and touches nothing else:
#                        settings services nginx crontab
#
# The doctor looks at a server that runs before it is changed, and at every server afterwards; what
# he finds red ends the script with 1. DATABOARD_MAIL_URL in the environment goes into the settings
# of a new server: without a mail server nobody can confirm an address, which is red.
#
# No secret is in here: what the server needs is made on it, in one file (/etc/databoard/env, 0600).
set -euo pipefail
# shellcheck source=tools/common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

site='' code=/srv/databoard/code data=/srv/databoard/data backup='' tls=/etc/databoard/tls
only='' prefix='' despite_red=''
user=databoard
for word; do
    value=${word#*=}
    case $word in
        --site=*) site=$value ;;
        --code=*) code=$value ;;
        --data=*) data=$value ;;
        --backup=*) backup=$value ;;
        --tls=*) tls=$value ;;
        --despite-red) despite_red=yes ;;
        --only=*) only=$value ;;
        --prefix=*) prefix=$(realpath -m "$value") ;;
        *) fail "there is no option $word; see the first lines of $0" ;;
    esac
done
[[ $site =~ ^[A-Za-z0-9.-]+$ ]] || fail "which site? --site=ramp.example.org"
for folder in "$code" "$data" ${backup:+"$backup"}; do
    [[ $folder =~ ^/[A-Za-z0-9/._-]+$ ]] || fail "$folder is no absolute path of plain characters"
done
env_file=/etc/databoard/env
n_changes=0

wanted() { [ -z "$only" ] || [[ ,$only, == *,$1,* ]]; }

changed() {
    n_changes=$((n_changes + 1))
    say "${DRY_RUN:+would have }changed: $*"
}

# Does something to the machine, unless this is a rehearsal.
run() {
    if [ -n "${DRY_RUN:-}" ]; then
        printf 'would run:'
        printf ' %q' "$@"
        echo
    elif [ -n "$prefix" ]; then
        :
    else
        "$@"
    fi
}

has_systemd() { [ -d /run/systemd/system ]; }

as_user() { run runuser -u "$user" -- "$@"; }

# put <mode> <owner> <path>: writes standard input there, if it is not there already.
put() {
    local mode=$1 owner=$2 path=$prefix$3 content
    content=$(cat; printf x) # the x keeps the line ends that $() would take
    content=${content%x}
    if [ -n "${DRY_RUN:-}" ]; then
        printf '%s' "$content" | cmp -s - "$path" 2>/dev/null || changed "$path"
        return
    fi
    if ! [ -f "$path" ] || ! printf '%s' "$content" | cmp -s - "$path"; then
        mkdir -p "$(dirname "$path")"
        (umask 077 && printf '%s' "$content" >"$path.part")
        chmod "$mode" "$path.part"
        [ -n "$prefix" ] || chown "$owner" "$path.part"
        mv "$path.part" "$path"
        changed "$path"
    fi
}

folder() { # folder <mode> <owner> <path>
    local path=$prefix$3
    if [ -n "$prefix" ]; then
        mkdir -p "$path"
    elif [ "$(stat -c '%a %U:%G' "$path" 2>/dev/null)" != "${1#0} $2" ]; then
        run install -d -m "$1" -o "${2%:*}" -g "${2#*:}" "$path"
        changed "$path"
    fi
}

fill() { # puts names and paths into a file of deploy/
    sed -e "s|@CODE@|$code|g" -e "s|@DATA@|$data|g" -e "s|@SITE@|$site|g" -e "s|@TLS@|$tls|g" \
        -e "s|@USER@|$user|g" -e "s|@RUN@|/run/databoard|g" -e "s|@LOGS@|/var/log/databoard|g" \
        -e "s|@BIND@|127.0.0.1:8000|g" -e "s|@PAGES@|$code/current/deploy/pages|g" \
        -e "s|@HTTP_PORT@|80|g" -e "s|@HTTPS_PORT@|443|g" "$1"
}

random() { head -c 32 /dev/urandom | sha256sum | cut -c "1-$1"; }

setting() { # value of a variable in the env file
    [ ! -r "$prefix$env_file" ] || sed -n "s|^$1=||p" "$prefix$env_file" | tail -n 1
}

# ---- the sections --------------------------------------------------------------------------------

install_packages() {
    local packages missing='' package
    packages="bubblewrap ca-certificates cron nginx openssl openssh-server postgresql python3
        python3-venv rsync sudo"
    has_systemd || packages="$packages supervisor"
    for package in $packages; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    run apt-get update -q
    # shellcheck disable=SC2086 # one word per package
    run env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing
    changed "packages:$missing"
}

make_users() {
    if ! getent passwd "$user" >/dev/null; then
        # A shell, because releases arrive by rsync over ssh; no password, so keys only.
        run useradd --system --user-group --home-dir "$data" --shell /bin/bash "$user"
        changed "user $user"
    fi
    folder 0755 root:root /etc/databoard
    folder 0755 "$user:$user" "$code"
    folder 0755 "$user:$user" "$code/releases"
    # Labels and code of teams lie in there: nobody else may look.
    folder 0750 "$user:$user" "$data"
    local name
    for name in db problems server_logs submissions; do folder 0750 "$user:$user" "$data/$name"; done
    folder 0750 "$user:$user" /var/log/databoard
    if [ -n "$backup" ]; then
        # Never made here: an empty mount point must not be taken for a disk.
        [ -d "$backup" ] || say "there is no $backup yet: mount the disk there, then run this again"
        [ ! -d "$backup" ] || folder 0750 "$user:$user" "$backup"
    fi
    if has_systemd; then
        # The one thing that the user of the services does as root.
        put 0440 root:root /etc/sudoers.d/databoard <<SUDO
Cmnd_Alias DATABOARD = /usr/bin/systemctl start $SERVICES, /usr/bin/systemctl stop $SERVICES, /usr/bin/systemctl restart $SERVICES
$user ALL=(root) NOPASSWD: DATABOARD
SUDO
    fi
}

write_settings() {
    [ ! -f "$prefix$env_file" ] || return 0 # what stands there is the operator's
    local services="sudo -n systemctl"
    has_systemd || services="supervisorctl -c /etc/databoard/supervisord.conf"
    local password
    password=$(random 40)
    put 0600 "$user:$user" "$env_file" <<ENV
# Settings of this server; env.sample explains every variable. Restart the services after a change.
DATABOARD_DB_URL=postgresql://$user:$password@localhost/$user
DATABOARD_DB_URL_TEST=postgresql://$user:$password@localhost/${user}_test
DATABOARD_ROOT=$data
DATABOARD_SECRET_KEY=$(random 64)
DATABOARD_PUBLIC_URL=https://$site
DATABOARD_PRODUCTION=True
DATABOARD_PROXIES=1
DATABOARD_BIND=127.0.0.1:8000
DATABOARD_MAIL_FROM=databoard@$site
# Letters go to files until this names a mail server: smtp://<user>:<password>@<host>:587
DATABOARD_MAIL_URL=${DATABOARD_MAIL_URL:-}
DATABOARD_BACKUP=$backup
DATABOARD_SERVICES=$services
ENV
}

make_database() {
    if ! has_systemd || [ -n "${DRY_RUN:-}" ]; then
        run service postgresql start
    fi
    if [ -n "${DRY_RUN:-}" ]; then
        say "would make: role and databases $user, ${user}_test"
        return
    fi
    local password name
    password=$(setting DATABOARD_DB_URL | sed -n 's|^postgresql://[^:]*:\([^@]*\)@.*|\1|p')
    [ -n "$password" ] || return 0 # another database than the one of this machine
    ask() { runuser -u postgres -- psql -qtAX --set=ON_ERROR_STOP=1 --dbname postgres "$@"; }
    if [ "$(ask -c "SELECT 1 FROM pg_roles WHERE rolname = '$user'")" != 1 ]; then
        # By standard input: arguments are seen by everybody. CREATEDB is for restores.
        printf "CREATE ROLE \"%s\" LOGIN CREATEDB PASSWORD '%s';\n" "$user" "$password" | ask
        changed "role $user"
    fi
    for name in "$user" "${user}_test"; do
        if [ "$(ask -c "SELECT 1 FROM pg_database WHERE datname = '$name'")" != 1 ]; then
            ask -c "CREATE DATABASE \"$name\" OWNER \"$user\" TEMPLATE template0 ENCODING 'UTF8'"
            changed "database $name"
        fi
    done
}

install_release() {
    local tag
    tag=$(awk '$1 == "tag" { print $2 }' "$RELEASE/RELEASE" 2>/dev/null || true)
    if [ ! -L "$code/env" ]; then
        run ln -sfn "$env_file" "$code/env"
        changed "$code/env"
    fi
    if [ -z "$tag" ]; then
        install_checkout
    elif [ "$(readlink "$code/current" 2>/dev/null)" != "releases/$tag" ]; then
        if [ "$RELEASE" != "$code/releases/$tag" ]; then
            run rsync -a --chown="$user:$user" "$RELEASE/" "$code/releases/$tag/"
        fi
        as_user "$code/releases/$tag/tools/activate_release.sh"
        changed "release $tag"
    fi
    local name
    for name in fabfile.py manage.py; do
        if [ "$(readlink "$data/$name" 2>/dev/null)" != "$code/current/$name" ]; then
            run ln -sfn "$code/current/$name" "$data/$name"
            changed "$data/$name"
        fi
    done
    if [ "$(readlink /usr/local/bin/databoard 2>/dev/null)" != "$code/current/tools/with_env.sh" ]; then
        run ln -sfn "$code/current/tools/with_env.sh" /usr/local/bin/databoard
        changed /usr/local/bin/databoard
    fi
}

# A checkout has no wheels of its own: they come from the package index.
install_checkout() {
    local release=$code/releases/checkout
    run rsync -a --delete --chown="$user:$user" --exclude=.git --exclude=venv --exclude=.venv \
        --exclude=/db --exclude=/submissions --exclude=/dist --exclude=/.former \
        --exclude='__pycache__/' --exclude='*.egg-info/' --exclude=/databoard/static/dist \
        "$RELEASE/" "$release/"
    if [ ! -x "$release/venv/bin/gunicorn" ]; then
        as_user python3 -m venv "$release/venv"
        as_user "$release/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
            --constraint "$release/constraints.txt" --editable "$release"
        changed "$release/venv"
    fi
    as_user "$release/tools/with_env.sh" manage.py db upgrade
    if [ "$(readlink "$code/current" 2>/dev/null)" != releases/checkout ]; then
        as_user ln -sfn releases/checkout "$code/current"
        changed "$code/current"
    fi
}

# Before the release, which starts and stops the services when it is installed.
configure_services() {
    local name before=$n_changes
    if has_systemd || [ -n "$prefix" ]; then
        for name in $SERVICES; do
            put 0644 root:root "/etc/systemd/system/$name.service" \
                < <(fill "$RELEASE/deploy/systemd/$name.service")
        done
    fi
    if ! has_systemd || [ -n "$prefix" ]; then
        put 0644 root:root /etc/databoard/supervisord.conf \
            < <(fill "$RELEASE/deploy/supervisord.conf")
    fi
    [ -z "$prefix" ] || return 0
    if has_systemd; then
        if [ "$n_changes" -gt "$before" ]; then run systemctl daemon-reload; fi
    else
        folder 0755 "$user:$user" /run/databoard
        [ -S /run/databoard/supervisor.sock ] || run supervisord -c /etc/databoard/supervisord.conf
    fi
}

start_services() {
    if has_systemd; then
        # shellcheck disable=SC2086 # a list of names
        run systemctl enable --quiet --now $SERVICES
    else
        run supervisorctl -c /etc/databoard/supervisord.conf update
        # shellcheck disable=SC2086 # a list of names
        run supervisorctl -c /etc/databoard/supervisord.conf start $SERVICES >/dev/null || true
    fi
}

nginx_site() {
    if [ "$tls" != none ]; then
        fill "$RELEASE/deploy/nginx.conf"
        return
    fi
    # Another proxy does TLS: one server, on the plain port.
    fill "$RELEASE/deploy/nginx.conf" | awk '
        /^# Sent only when TLS/ { skip = 1 }
        /^server \{/ && skip == 1 { skip = 2 }
        skip == 2 && /^}/ { skip = 0; next }
        skip { next }
        /# TLS begin/ { print "    listen 80;"; print "    listen [::]:80;"; off = 1 }
        !off { print }
        /# TLS end/ { off = 0 }'
}

# So that the site starts; certbot or the host's own certificate takes its place.
make_certificate() {
    [ ! -f "$prefix$tls/fullchain.pem" ] || return 0
    if [ -z "${DRY_RUN:-}" ]; then
        mkdir -p "$prefix$tls"
        (umask 077 && openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj "/CN=$site" \
            -addext "subjectAltName=DNS:$site" \
            -keyout "$prefix$tls/privkey.pem" -out "$prefix$tls/fullchain.pem" 2>/dev/null)
    fi
    changed "$tls (a certificate that no browser trusts; replace it)"
}

configure_nginx() {
    local before=$n_changes
    [ "$tls" = none ] || make_certificate
    put 0644 root:root /etc/nginx/sites-available/databoard < <(nginx_site)
    [ -z "$prefix" ] || return 0
    if [ "$(readlink /etc/nginx/sites-enabled/databoard 2>/dev/null)" != ../sites-available/databoard ]; then
        run rm -f /etc/nginx/sites-enabled/default
        run ln -sfn ../sites-available/databoard /etc/nginx/sites-enabled/databoard
        changed /etc/nginx/sites-enabled/databoard
    fi
    if [ "$n_changes" -gt "$before" ]; then
        run nginx -t -q
        if has_systemd; then run systemctl reload-or-restart nginx; else run service nginx restart; fi
    fi
}

install_crontab() {
    # An interval that fab backup_every set is kept: its file is in the data root.
    local own=$prefix$data/crontab file=$prefix/etc/databoard/crontab
    put 0644 root:root /etc/databoard/crontab \
        < <(sed "s|^TOOLS=.*|TOOLS=$code/current/tools|" "$RELEASE/tools/crontab")
    [ -z "$prefix" ] || return 0
    [ ! -f "$own" ] || file=$own
    if [ -n "${DRY_RUN:-}" ]; then
        run crontab -u "$user" "$file"
    elif ! crontab -u "$user" -l 2>/dev/null | cmp -s - "$file"; then
        crontab -u "$user" "$file"
        changed "crontab of $user"
    fi
    has_systemd || run service cron start # says so, and does nothing, where it runs
}

# Asks the doctor, again while services start; is anything red?
examine() { # examine <seconds>
    local deadline=$((SECONDS + $1)) said
    while ! said=$(as_user "$code/current/tools/with_env.sh" manage.py doctor 2>&1); do
        if [ $SECONDS -ge "$deadline" ]; then
            say "$said"
            return 1
        fi
        sleep 2
    done
    say "$said"
}

[ -n "${DRY_RUN:-}" ] || [ -n "$prefix" ] || [ "$(id -u)" = 0 ] || fail "run this as root"
is_whole=$([ -n "$prefix" ] || [ -n "$only" ] || say yes)
if [ -n "$is_whole" ] && [ -L "$code/current" ] && ! examine 0; then
    [ -n "$despite_red" ] || fail "mend what is red first, or add --despite-red"
fi
cd / # other users may not look into the folder that root is in
if [ -z "$prefix" ]; then
    ! wanted packages || install_packages
    ! wanted users || make_users
fi
! wanted settings || write_settings
[ -n "$prefix" ] || ! wanted database || make_database
! wanted services || configure_services
if [ -z "$prefix" ]; then
    ! wanted release || install_release
    ! wanted services || start_services
fi
! wanted nginx || configure_nginx
! wanted crontab || install_crontab

case $n_changes in
    0) say "nothing${DRY_RUN:+ would have} changed" ;;
    *) say "$n_changes changes" ;;
esac
[ -n "${DRY_RUN:-}" ] || [ -z "$is_whole" ] || {
    as_user "$code/current/tools/smoke_test.sh"
    examine 60 || [ -n "$despite_red" ] ||
        fail "the site runs, but something is red; mend it ($env_file), restart, run this again"
    say "https://$site runs; make the first administrator: sudo -u $user databoard fab create_admin:<name>,<email>"
}
