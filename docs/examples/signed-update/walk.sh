#!/usr/bin/env bash
# Enrols a certificate, then updates and deletes a customer's licences by signed requests.
set -euo pipefail
: "${LICENSING_URL:?}" "${LICENSING_KEY:?}" "${PARTNER_ID:?}" "${RESELLER_ID:?}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

b64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# A UUID of version 4.
uuid() {
    local h
    h=$(openssl rand -hex 16)
    printf '%s-%s-4%s-%x%s-%s' "${h:0:8}" "${h:8:4}" "${h:13:3}" $((8 + 0x${h:16:1} % 4)) "${h:17:3}" "${h:20:12}"
}

# send METHOD BODY: signs exactly these bytes and sends them.
send() {
    local header claims now signed token
    now=$(date +%s)
    header=$(printf '{"alg":"RS256","typ":"JWT","kid":"%s"}' "$fingerprint" | b64url)
    claims=$(printf '{"iss":"xima-ccaas","aud":"xima-ccaas","sub":"%s","payload_hash":"%s","jti":"%s","iat":%d,"exp":%d}' \
        "$fingerprint" "$(printf '%s' "$2" | openssl dgst -sha256 -r | cut -d' ' -f1)" "$(uuid)" "$now" $((now + 300)) | b64url)
    signed="$header.$claims"
    token="$signed.$(printf '%s' "$signed" | openssl dgst -sha256 -sign "$work/key.pem" -binary | b64url)"
    curl --silent --show-error --fail-with-body -X "$1" "$LICENSING_URL/api/v1/licensing/update" \
        -H "Authorization: Bearer $token" -H 'Content-Type: application/json' --data-binary "$2"
    echo
}

openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj "/CN=$RESELLER_ID" -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
fingerprint=$(openssl x509 -in "$work/cert.pem" -outform DER | openssl dgst -sha1 -r | cut -d' ' -f1)

pem=$(awk '{printf "%s\\n", $0}' "$work/cert.pem")
curl --silent --show-error --fail-with-body "$LICENSING_URL/api/v1/certificates" \
    -H "Authorization: Bearer $LICENSING_KEY" -H 'Content-Type: application/json' \
    --data-binary "{\"organizationId\":\"$PARTNER_ID\",\"pem\":\"$pem\",\"profile\":\"v2\"}"
echo

customer="\"resellerId\":\"$RESELLER_ID\",\"tenantId\":\"walk-$(openssl rand -hex 4)\""
send POST "{\"ccId\":{$customer,\"resellerName\":\"Walk through\",\"tenantName\":\"First customer\"},\"professionalSeats\":5,\"aiMessaging\":{\"standardBundles\":1}}"
send POST "{\"ccId\":{$customer},\"professionalSeats\":8,\"eliteSeats\":5}"
send DELETE "{\"ccId\":{$customer}}"
