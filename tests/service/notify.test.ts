import assert from 'node:assert/strict';
import { type NotifyTarget, notifyTargets } from '../../src/config/notify.ts';
import { EXIT } from '../../src/errors.ts';
import { NewsDesk } from '../../src/service/notify/news_desk.ts';
import type { News } from '../../src/service/notify/service.ts';
import { isWanted, tell } from '../../src/service/notify/tell.ts';
import { snapshotOf } from '../../src/service/snapshot.ts';
import { serviceLike, STATES } from '../browser/states.ts';
import { run, runAlone, workingDirectory } from '../cli/program.ts';
import { testUnless } from '../files/scratch.ts';
import { canRun } from '../packaging/repository.ts';
import { makeCertificates } from '../postgres/certificates.ts';
import { SmtpServer } from './smtp_server.ts';

/** What somebody hears who is told after each of these states. */
function eventsOf(...names: readonly string[]): string[] {
  const { state, config } = serviceLike(names[0] ?? '');
  const desk = new NewsDesk();
  let nowMs = 0;
  return names.flatMap((name, index) => {
    if (index > 0) STATES[name]?.(state);
    nowMs += 60_000;
    return desk.next(snapshotOf(state, config, '1'), nowMs).map(({ event }: News) => event)
      .filter((event) => event !== 'shared');
  });
}

Deno.test('failure, recovery and the brake are told once each', () => {
  assert.deepEqual(eventsOf('healthy', 'degraded', 'degraded', 'healthy', 'brake', 'brake', 'healthy'), [
    'alive',
    'failure',
    'recovery',
    'alive',
    'brake',
    'alive',
  ]);
});

Deno.test('new photos are told as their receiver sees them, added up over an hour', () => {
  const { state, config } = serviceLike('healthy');
  const desk = new NewsDesk();
  const at = (minute: number) =>
    desk.next(snapshotOf(state, config, '1'), minute * 60_000).filter(({ event }) => event === 'shared').map((
      { title },
    ) => title);
  assert.deepEqual(at(0), [], 'what was shared before is no news');
  STATES['brake']?.(state);
  const [first, ...others] = at(1);
  assert.match(first ?? '', /^Bob.* has 4 new photos from Alice$/);
  assert.ok(others.every((title) => / has 4 new photos from /.test(title)));
  STATES['brake']?.(state);
  assert.deepEqual(at(30), []);
  assert.match(at(61)[0] ?? '', / has 4 new photos from Alice$/);
  STATES['brake']?.(state);
  const snapshot = snapshotOf(state, config, '1');
  const jobs = snapshot.jobs.map((job) => ({ ...job, savedBytes: 4.1 * 1024 ** 3 }));
  const [news] = desk.next({ ...snapshot, jobs }, 130 * 60_000).filter(({ event }) => event === 'shared');
  assert.equal(news?.message, '4.1 GiB of this share are not stored twice.');
});

Deno.test('pings come at most once a minute', () => {
  const { state, config } = serviceLike('healthy');
  const desk = new NewsDesk();
  const at = (nowMs: number) => desk.next(snapshotOf(state, config, '1'), nowMs).length;
  assert.deepEqual([at(0), at(10_000), at(60_000)], [1, 0, 1]);
});

function targetsOf(text: string): NotifyTarget[] {
  return notifyTargets.schema.parse(text);
}

interface Heard {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** An HTTP server that takes everything, or answers with `status`. */
function listener(status = 200): AsyncDisposable & { readonly host: string; readonly heard: Heard[] } {
  const heard: Heard[] = [];
  const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    heard.push({ path: pathname + search, headers: request.headers, body: await request.text() });
    return new Response('no', { status });
  });
  return { host: `127.0.0.1:${server.addr.port}`, heard, [Symbol.asyncDispose]: () => server.shutdown() };
}

const BRAKE: News = { event: 'brake', title: 'Famílie: action needed', message: '412 of 12345' };

Deno.test('each service is told in its own way', async () => {
  await using server = listener();
  const { host, heard } = server;
  const targets = targetsOf(
    `json://me:pass@${host}/hook/my-key?room=1 ntfy://${host}/photos gotify://${host}/base/Tok3nTok3n ` +
      `tgram://123:AbC-d_e/-42/@channel?api=http://${host}, healthcheck://${host}/ping/my-key`,
  );
  for (const target of targets) assert.equal(await tell(BRAKE, target, 1), undefined, target.label);
  assert.deepEqual(heard.map(({ path }) => path), [
    '/hook/my-key?room=1',
    '/photos',
    '/base/message',
    '/bot123:AbC-d_e/sendMessage',
    '/bot123:AbC-d_e/sendMessage',
    '/ping/my-key/fail',
  ]);
  const [json, ntfy, gotify, telegram, channel] = heard;
  assert.deepEqual(JSON.parse(json?.body ?? ''), { source: 'immich-sidecar', ...BRAKE });
  assert.equal(json?.headers.get('authorization'), `Basic ${btoa('me:pass')}`);
  assert.equal(ntfy?.headers.get('priority'), 'high');
  assert.match(ntfy?.headers.get('title') ?? '', /^=\?UTF-8\?B\?/);
  assert.equal(gotify?.headers.get('x-gotify-key'), 'Tok3nTok3n');
  assert.deepEqual(JSON.parse(gotify?.body ?? ''), { title: BRAKE.title, message: BRAKE.message, priority: 8 });
  const text = `${BRAKE.title}\n${BRAKE.message}`;
  assert.deepEqual([telegram, channel].map((one) => JSON.parse(one?.body ?? '')), [
    { chat_id: '-42', text },
    { chat_id: '@channel', text },
  ]);
});

Deno.test('a mail reaches a server, and no password goes over a line that others can read', async () => {
  await using server = SmtpServer.start();
  const [open] = targetsOf(
    `mailto://localhost:${server.port}?from=sidecar@example.org&to=alice@example.org,bob@example.org`,
  );
  assert.ok(open);
  assert.equal(await tell(BRAKE, open, 1), undefined);
  const [mail] = server.mails;
  assert.deepEqual([mail?.from, mail?.to], ['sidecar@example.org', ['alice@example.org', 'bob@example.org']]);
  assert.match(mail?.text ?? '', /^Subject: =\?UTF-8\?/m);
  assert.match(mail?.text ?? '', /412 of 12345/);

  const secret = `mailto://me%40example.org:sw0rdfish@localhost:${server.port}?to=alice@example.org`;
  const [careful, careless] = targetsOf(`${secret} ${secret}&mode=insecure`);
  assert.ok(careful && careless);
  assert.match(await tell(BRAKE, careful, 1) ?? '', /STARTTLS/);
  assert.deepEqual(server.passwords, []);
  assert.equal(await tell(BRAKE, careless, 1), undefined);
  assert.deepEqual(server.passwords, ['\0me@example.org\0sw0rdfish']);
  const [encrypted] = targetsOf(secret.replace('mailto:', 'mailtos:'));
  assert.ok(encrypted);
  const reason = await tell(BRAKE, encrypted, 1);
  assert.ok(reason !== undefined && !reason.includes('sw0rdfish'), 'this server speaks no TLS');
});

Deno.test('what goes wrong is said without anything of the address that may be a key', async () => {
  await using refusing = listener(401);
  const { host } = refusing;
  const keys = ['swordfish-1', 'swordfish-2', 'swordfish-3'];
  const forms = (where: string) =>
    `json://user:${keys[0]}@${where}/${keys[1]}?key=${keys[2]} ntfy://${keys[0]}@${where}/${
      keys[1]
    } gotify://${where}/${keys[0]} ` +
    `tgram://1:${keys[0]}/42?api=http://${where} healthcheck://${where}/${keys[0]} mailto://u:${
      keys[0]
    }@${where}?to=a@b.c`;
  for (const where of [host, '127.0.0.1:1']) {
    for (const target of targetsOf(forms(where))) {
      const reason = await tell(BRAKE, target, 1);
      assert.ok(reason, `${target.label} at ${where}`);
      assert.doesNotMatch(reason, /swordfish/);
      assert.doesNotMatch(
        JSON.stringify(target) + Deno.inspect(target),
        /swordfish/,
      );
    }
  }
});

Deno.test('everybody hears of what they have chosen', () => {
  const [usual, chosen, pings] = targetsOf('jsons://a.b/x jsons://a.b/x?events=shared,failure healthchecks://a.b/k');
  const hears = (target: NotifyTarget | undefined) =>
    (['failure', 'recovery', 'brake', 'written', 'shared', 'alive', 'test'] as const)
      .filter((event) => target && isWanted({ event, title: '', message: '' }, target)).join();
  assert.equal(hears(usual), 'failure,recovery,brake,written,test');
  assert.equal(hears(chosen), 'failure,shared,test');
  assert.equal(hears(pings), 'failure,brake,alive,test');
});

Deno.test('addresses: what Apprise writes is understood, and a mistake is named without a word of it', () => {
  const read = (text: string) =>
    targetsOf(text).map(({ service, hostname, port, path }) => [service, hostname, port, path.reveal()]);
  assert.deepEqual(read('ntfy://my-topic'), [['ntfy', 'ntfy.sh', 443, 'my-topic']]);
  assert.deepEqual(read('ntfys://ntfy.example.org/a,ntfy://nas:8090/b'), [
    ['ntfy', 'ntfy.example.org', 443, 'a'],
    ['ntfy', 'nas', 8090, 'b'],
  ]);
  assert.deepEqual(read('tgram://1:a/2'), [['telegram', 'api.telegram.org', 443, '1:a/2']]);
  assert.deepEqual(read('mailtos://u:p@smtp.example.org'), [['email', 'smtp.example.org', 465, '']]);
  assert.deepEqual(read('gotifys://[::1]:8443/t'), [['gotify', '::1', 8443, 't']]);
  for (
    const [wrong, says] of [
      ['slack://a/b', /it begins with none of/],
      ['secret-word', /it begins with none of/],
      ['ntfys://ntfy.example.org/', /names no topic/],
      ['gotifys://host', /no token/],
      ['tgram://secret-word/1', /not tgram:/],
      ['tgram://1:secret-word', /not tgram:/],
      ['healthchecks://host', /no key/],
      ['mailtos://host', /nobody gets it/],
      ['jsons://a_secret-word%/x', /host can be none/],
      ['jsons://host:70000/x', /host can be none/],
      ['jsons://host/secret-word?events=everything', /events= knows failure/],
      ['jsons://host/a secret-word', /address 2: it begins with none/],
    ] as const
  ) {
    const { error } = notifyTargets.schema.safeParse(wrong);
    assert.match(error?.issues[0]?.message ?? 'accepted', says, wrong);
    assert.doesNotMatch(error?.issues[0]?.message ?? '', /secret-word/);
  }
});

Deno.test('notify: the program tells everybody with no more rights than their addresses give, and says who could not be told', async () => {
  await using server = listener();
  await using mail = SmtpServer.start();
  using cwd = workingDirectory([]);
  const told = `ntfy://${server.host}/photos-of-us mailto://localhost:${mail.port}?to=alice@example.org`;
  const good = await run(['notify'], { cwd: cwd.path, env: { NOTIFY_URLS: told } });
  assert.deepEqual(
    [good.code, good.stdout],
    [EXIT.ok, 'ntfy at 127.0.0.1: told\nthe mail server at localhost: told\n'],
    good.stderr,
  );
  assert.deepEqual([server.heard.length, mail.mails.length], [1, 1]);
  const env = { NOTIFY_URLS: `${told} json://127.0.0.1:1/swordfish-9` };
  const bad = await run(['notify', '--json'], { cwd: cwd.path, env });
  assert.equal(bad.code, EXIT.partial);
  assert.equal(JSON.parse(bad.stdout).told.filter(({ problem }: { problem: unknown }) => problem === null).length, 2);
  assert.doesNotMatch(bad.stdout + bad.stderr, /swordfish/);
  const nobody = await run(['notify'], { cwd: cwd.path, env: {} });
  assert.deepEqual([nobody.code, nobody.stdout], [EXIT.usage, '']);
  assert.match(nobody.stderr, /Nobody is to be told/);
});

const noOpenssl = await canRun('openssl', ['version']) ? undefined : 'openssl is not here';

testUnless(noOpenssl, 'a certificate of your own: what DENO_CERT names is trusted, and nothing else is', async () => {
  using cwd = workingDirectory([]);
  const { authority, server: { certificate, key } } = await makeCertificates(cwd.path);
  const [cert, privateKey] = [Deno.readTextFileSync(certificate), Deno.readTextFileSync(key)];
  const options = { hostname: '127.0.0.1', port: 0, cert, key: privateKey, onListen: () => {} };
  await using server = Deno.serve(options, () => new Response());
  const tell = (env: Record<string, string>) =>
    runAlone(['notify'], {
      cwd: cwd.path,
      env: { NOTIFY_URLS: `jsons://127.0.0.1:${server.addr.port}/hook`, ...env },
    });
  const trusted = await tell({ DENO_CERT: authority });
  assert.deepEqual([trusted.code, trusted.stdout], [EXIT.ok, 'the webhook at 127.0.0.1: told\n'], trusted.stderr);
  const strange = await tell({});
  assert.equal(strange.code, EXIT.partial);
  assert.match(strange.stdout + strange.stderr, /certificate/i);
});
