// An SMTP server on a free port of this machine. Its first line of input says what it asks of clients; each further one is a command,
// answered with one line of JSON.
import { createInterface } from 'node:readline';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

const lines = createInterface({ input: process.stdin });
const say = answer => process.stdout.write(JSON.stringify(answer) + '\n');
const letters = [];
let asked, server, port = 0, refusals = 0, attempts = 0;

const start = () => new Promise((resolve, reject) => {
  server = new SMTPServer({
    authOptional: !asked.user,
    allowInsecureAuth: !asked.certificate,
    hideSTARTTLS: !asked.certificate,
    key: asked.key,
    cert: asked.certificate,
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth: (auth, session, done) => auth.username === asked.user && auth.password === asked.password ? done(null, { user: auth.username }) : done(new Error('Wrong password.')),
    onMailFrom: (address, session, done) => {
      attempts++;
      if (refusals-- > 0)
        return done(Object.assign(new Error('Come again later.'), { responseCode: 451 }));
      return done();
    },
    onData: (stream, session, done) => simpleParser(stream).then(letter => {
      letters.push({
        to: session.envelope.rcptTo.map(x => x.address).join(','),
        from: letter.from.text,
        subject: letter.subject,
        text: letter.text,
        number: letter.messageId,
        secure: session.secure,
        user: session.user ?? null,
      });
      done();
    }, done),
  });
  // What a client does wrong, or gives up, is its own matter.
  server.on('error', () => { });
  server.server.once('error', reject);
  server.listen(port, '127.0.0.1', () => resolve(port = server.server.address().port));
});

for await (const line of lines) {
  const said = JSON.parse(line);
  if (!asked) {
    asked = said;
    say({ port: await start() });
  } else if (said.command === 'letters') {
    say({ letters, attempts });
  } else if (said.command === 'refuse') {
    refusals = said.times;
    say({});
  } else if (said.command === 'down') {
    await new Promise(resolve => server.close(resolve));
    say({});
  } else if (said.command === 'up') {
    await start();
    say({});
  }
}

server.close();
