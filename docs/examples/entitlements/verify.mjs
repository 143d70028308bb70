// Verifies an entitlement document offline: node verify.mjs document.txt jwks.json
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [header, claims, signature] = readFileSync(process.argv[2], 'utf8').trim().split('.');
const read = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());
const { alg, typ, kid } = read(header);
const jwk = JSON.parse(readFileSync(process.argv[3], 'utf8')).keys.find((key) => key.kid === kid);
if (alg !== 'ES256' || typ !== 'entitlements+jwt' || !jwk) throw new Error('not an entitlement document of a known key');

const key = createPublicKey({ key: jwk, format: 'jwk' });
const good = verify('sha256', Buffer.from(`${header}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
const { nbf, exp } = read(claims);
const now = Date.now() / 1000;
if (!good || now < nbf || now >= exp) throw new Error(good ? 'out of its time' : 'wrong signature');
console.log(JSON.stringify(read(claims)));
