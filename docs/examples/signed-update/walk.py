#!/usr/bin/env python3
"""Enrols a certificate, then updates and deletes a customer's licences by signed requests."""
import base64
import hashlib
import json
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid

URL, KEY = os.environ["LICENSING_URL"], os.environ["LICENSING_KEY"]
PARTNER, RESELLER = os.environ["PARTNER_ID"], os.environ["RESELLER_ID"]


def openssl(*arguments: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value: dict) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def call(method: str, path: str, body: bytes, token: str) -> dict:
    request = urllib.request.Request(URL + path, body, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        raise SystemExit(f"{method} {path}: {refused.code} {refused.read().decode()}")


def send(method: str, value: dict, key: str, fingerprint: str) -> None:
    body = compact(value)
    now = int(time.time())
    header = {"alg": "RS256", "typ": "JWT", "kid": fingerprint}
    claims = {
        "iss": "xima-ccaas", "aud": "xima-ccaas", "sub": fingerprint,
        "payload_hash": hashlib.sha256(body).hexdigest(), "jti": str(uuid.uuid4()), "iat": now, "exp": now + 300,
    }
    signed = f"{b64url(compact(header))}.{b64url(compact(claims))}"
    signature = openssl("dgst", "-sha256", "-sign", key, "-binary", data=signed.encode())
    print(json.dumps(call(method, "/api/v1/licensing/update", body, f"{signed}.{b64url(signature)}")))


with tempfile.TemporaryDirectory() as work:
    key, certificate = os.path.join(work, "key.pem"), os.path.join(work, "cert.pem")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365", "-subj", f"/CN={RESELLER}", "-keyout", key, "-out", certificate)
    with open(certificate, encoding="ascii") as file:
        pem = file.read()
    enrolled = call("POST", "/api/v1/certificates", compact({"organizationId": PARTNER, "pem": pem, "profile": "v2"}), KEY)
    print(json.dumps(enrolled))

    customer = {"resellerId": RESELLER, "tenantId": f"walk-{uuid.uuid4().hex[:8]}"}
    first = {"ccId": {**customer, "resellerName": "Walk through", "tenantName": "First customer"}, "professionalSeats": 5, "aiMessaging": {"standardBundles": 1}}
    send("POST", first, key, enrolled["fingerprint"])
    send("POST", {"ccId": customer, "professionalSeats": 8, "eliteSeats": 5}, key, enrolled["fingerprint"])
    send("DELETE", {"ccId": customer}, key, enrolled["fingerprint"])
