#!/usr/bin/env bash
# Walks the vendor's quick start for account information with nothing but curl: token, banks, consent, authorisation,
# accounts; once at a decoupled bank and once at a redirect bank. Takes the program to run as its argument.
set -euo pipefail
program=${1:?usage: walk.sh PROGRAM}
out=$(mktemp)
"$program" --person-after 1 >"$out" 2>/dev/null &
sandbox=$!
trap 'kill $sandbox; rm -f "$out"' EXIT
for _ in $(seq 50); do grep -q 'Paste' "$out" && break; sleep 0.1; done
auth=$(sed -n 's/^Auth host: *//p' "$out")
api=$(sed -n 's/^API host: *//p' "$out")
client_id=$(sed -n 's/.*client_id=\([^ ]*\) .*/\1/p' "$out")
client_secret=$(sed -n "s/.*client_secret=\([^']*\)'.*/\1/p" "$out")

# field NAME: the first text field of this name in the JSON on standard input.
field() { sed -E "s/.*\"$1\":\"([^\"]+)\".*/\1/"; }
token() {
  curl -sf "$auth/connect/token" -d "client_id=$client_id" --data-urlencode "client_secret=$client_secret" "$@"
}
call() {
  local method=$1 url=$2
  shift 2
  case $url in http*) ;; *) url=$api$url ;; esac
  curl -sf -X "$method" "$url" -H 'Accept: application/json' -H "Authorization: Bearer $access_token" \
    -H 'Content-Type: application/json' -H "X-BicFi: $bic" -H "X-Request-ID: $(cat /proc/sys/kernel/random/uuid)" \
    -H 'PSU-IP-Address: 192.0.2.7' -H 'PSU-User-Agent: curl' "$@"
}
begin() {
  bic=$1
  consent=$(call POST /psd2/consent/v1/consents -d '{"access":{},"combinedServiceIndicator":false,"frequencyPerDay":1,"recurringIndicator":false,"validUntil":"'"$(date -d '+60 days' +%F)"'"}' | field consentId)
  resource=$(call POST "/psd2/consent/v1/consents/$consent/authorisations" -o /dev/null -D - | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  chosen=$(call PUT "$resource" -d '{"authenticationMethodId":"mbid"}')
}
finish() {
  for _ in $(seq 20); do
    status=$(call GET "/psd2/consent/v1/consents/$consent/status" | field consentStatus)
    [ "$status" = valid ] && break
    sleep 0.5
  done
  call GET /psd2/accountinformation/v1/accounts -H "Consent-ID: $consent" | grep -q '"accounts":\[{'
  echo "$bic: consent $consent is valid and reads accounts"
}

access_token=$(token -d grant_type=client_credentials -d 'scope=aspspinformation private' | field access_token)
bic=ESSESESS
call GET '/psd2/aspspinformation/v1/aspsps?isoCountryCodes=SE' | grep -q HANDSESS
access_token=$(token -d grant_type=client_credentials -d 'scope=accountinformation private' | field access_token)

begin ESSESESS # decoupled
echo "QR code: bankid:///?autostarttoken=$(sed -E 's/.*"data":\["([^"]+)".*/\1/' <<<"$chosen")"
finish

begin NDEASESS # OAuth redirect
link=$(field href <<<"${chosen#*scaOAuth}")
link=${link//'[CLIENT_ID]'/$client_id}
link=${link//'[TPP_REDIRECT_URI]'/http%3A%2F%2Flocalhost%3A8080%2Fcallback}
link=${link//'[TPP_STATE]'/session-1}
back=$(curl -s -o /dev/null -w '%{redirect_url}' -d decision=approve "$link")
code=$(sed -E 's/.*[?&]code=([^&]+).*/\1/' <<<"$back")
token -d grant_type=authorization_code -d "code=$code" --data-urlencode 'redirect_uri=http://localhost:8080/callback' \
  -d 'scope=accountinformation private' -H "X-ConsentId: $consent" -H "X-ConsentAuthorisationId: ${resource##*/}" |
  grep -q access_token
finish
