#!/bin/sh
# Makes what the services of compose.yaml know each other by: an authority, certificates and passwords, each readable by
# the one account that needs it. Run again it makes what is missing, and certificates that end within thirty days anew.
#
#   setup.sh [FOLDER]     FOLDER is /secrets in the container, with a volume for each service in it
set -eu
umask 077
folder=${1:-/secrets}
here=$(dirname "$0")
days=397
renewed_before=$((30 * 24 * 3600))
mkdir -p "$folder/authority" "$folder/vault" "$folder/schema" "$folder/database" "$folder/codes" "$folder/balancer"

ends_soon() {
  [ ! -e "$1" ] || ! openssl x509 -checkend "$renewed_before" -noout -in "$1" >/dev/null
}

key() {
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

authority=$folder/authority/ca
if [ ! -e "$authority.pem" ]; then
  key "$authority.key"
  openssl req -x509 -new -key "$authority.key" -days 3650 -subj '/CN=Authority of this vault' \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign -out "$authority.pem"
fi

# certificate FOLDER NAME ALTERNATIVES: server.pem and server.key, for servers and for clients that show who they are.
certificate() {
  place=$folder/$1/server
  if ends_soon "$place.pem"; then
    key "$place.key.new"
    openssl req -new -key "$place.key.new" -subj "/CN=$2" -out "$place.csr"
    printf '%s\n' "subjectAltName=$3" basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature \
      extendedKeyUsage=serverAuth,clientAuth >"$place.ext"
    openssl x509 -req -in "$place.csr" -CA "$authority.pem" -CAkey "$authority.key" -days "$days" \
      -extfile "$place.ext" -out "$place.pem.new" 2>/dev/null
    # A server that reads both between the two steps finds that they do not fit, and keeps what it has.
    mv "$place.key.new" "$place.key"
    mv "$place.pem.new" "$place.pem"
    rm "$place.csr" "$place.ext"
    echo "made a certificate for $2"
  fi
  cp "$authority.pem" "$folder/$1/ca.pem"
}
certificate vault vault DNS:vault,DNS:node-1,DNS:node-2,DNS:localhost,IP:127.0.0.1
certificate database database DNS:database,DNS:localhost
certificate codes codes DNS:codes,DNS:localhost
# Callers see this one: name your domain here, or mount a certificate of your own where the balancer has `both.pem`. In
# this folder it would be taken for ours, and replaced before it ends.
certificate balancer balancer "DNS:localhost,IP:127.0.0.1${CARDKEEP_DOMAIN:+,DNS:$CARDKEEP_DOMAIN}"
# A balancer wants both in one file.
cat "$folder/balancer/server.pem" "$folder/balancer/server.key" >"$folder/balancer/both.pem"

password() {
  [ -s "$1" ] || openssl rand -hex 32 >"$1"
}
password "$folder/database/superuser.password"
password "$folder/database/schema.password"
password "$folder/database/node.password"
password "$folder/vault/codes.password"
cp "$folder/database/node.password" "$folder/vault/"
# Apart from what nodes see: they may not change the schema.
cp "$folder/database/schema.password" "$folder/schema/"

# The server knows a hash of the password and which commands a vault says, which are few.
hash=$(tr -d '\n' <"$folder/vault/codes.password" | openssl dgst -sha256 -r | cut -d' ' -f1)
printf 'user default off\nuser cardkeep on #%s %s\n' "$hash" "$(cat "$here/codes.acl")" >"$folder/codes/users.acl"

# The accounts of the images: see `user` in compose.yaml.
if [ "$(id -u)" -eq 0 ]; then
  chown -R 1000:1000 "$folder/vault" "$folder/schema"
  chown -R 999:999 "$folder/database" "$folder/codes"
  chown -R 99:99 "$folder/balancer"
fi
