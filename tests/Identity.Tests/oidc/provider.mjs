// A certified OpenID provider for the tests of federated log-in. Commands come as lines of JSON on stdin, each answered by one line on
// stdout; it ends with its stdin, so it never outlives the test. Its clock stands where the test says.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const RealDate = Date;
let now = RealDate.now();
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length ? given : [now]));
  }

  static now() {
    return now;
  }
};

const { default: Provider } = await import('oidc-provider');

const host = '127.0.0.1';
const accounts = new Map();
let generation = 0;
let answer;

const server = createServer((request, response) => answer(request, response));
const listen = (port) => new Promise((done) => { server.listen(port, host, done); });
await listen(0);
const { port } = server.address();
const issuer = `http://${host}:${port}`;

function start() {
  generation += 1;
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  const client = (id) => ({
    client_id: id,
    redirect_uris: ['https://client.example/back'],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'none',
  });
  const provider = new Provider(issuer, {
    clients: [client('licensing'), client('another')],
    jwks: { keys: [{ ...key, kid: `key-${generation}`, use: 'sig', alg: 'RS256' }] },
    claims: { email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['test'] },
    features: { devInteractions: { enabled: false } },
    ttl: { IdToken: 3600, AccessToken: 3600, AuthorizationCode: 600, Grant: 3600, Session: 3600, Interaction: 3600 },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts.get(id) }) }),
    // Everybody consents to everything.
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid email');
      await grant.save();
      return grant;
    },
  });
  const callback = provider.callback();
  answer = async (request, response) => {
    if (!request.url.startsWith('/interaction/')) {
      callback(request, response);
      return;
    }
    const { params } = await provider.interactionDetails(request, response);
    await provider.interactionFinished(request, response, { login: { accountId: params.login_hint } });
  };
}

const commands = {
  account: ({ sub, claims }) => { accounts.set(sub, claims); },
  clock: ({ at }) => { now = at; },
  rotate: start,
  down: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }),
  up: () => listen(port),
};

start();
console.log(JSON.stringify({ issuer }));
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...given } = JSON.parse(line);
  await commands[command](given);
  console.log('{}');
}
process.exit();
