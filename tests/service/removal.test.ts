import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { withoutJob, withoutSharedAlbums } from '../../src/setup/edit/yaml_removal.ts';
import { until } from '../crash/process.ts';
import { testUnless } from '../files/scratch.ts';
import { World } from '../share/world.ts';
import { RunningService } from './running_service.ts';
import { SECOND, startSettings, TOKEN, YAML } from './settings_service.ts';

const IS_WINDOWS = Deno.build.os === 'windows' ? 'signals are not there' : undefined;

const ABOVE = '  # the other way\n';

const ALBUMS = `# whoever is in it
shared_albums:
  directory: /data/shared/albums # one disk
# how loud
log_level: INFO
`;

testUnless(IS_WINDOWS, 'what is shared, and who is told, is removed by a form after it was shown', async (test) => {
  await using service = await startSettings();
  const { cwd, url, send, read, status } = service;
  const write = (text: string) => Deno.writeTextFileSync(`${cwd}/config.yaml`, text);
  const remove = async (fields: Record<string, string>) => {
    const preview = await send('preview', fields);
    assert.equal(preview.kind, 'fine', JSON.stringify(preview));
    assert.deepEqual(preview.widens, [], 'it applies at once');
    return { preview, answer: await send('save', { ...fields, digest: preview.digest }) };
  };
  const page = async () =>
    await (await fetch(`${url}settings`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();

  await test.step('a share: what it leads to is said, all other lines stay', async () => {
    write(YAML + ABOVE + SECOND + ALBUMS);
    assert.match(await page(), /aria-label="Remove the share family"[^]*aria-label="Remove the share back home"/);
    const { preview, answer } = await remove({ kind: 'remove-share', name: 'back home' });
    const said = preview.leadsTo.join(' ');
    assert.match(said, /^The next sync removes the photos of this share from the library of the user who has received/);
    assert.match(said, /confirmed it on the dashboard.* immich-sidecar unshare --keep --job "back home"\.$/);
    const changed = preview.differences[0].lines.filter(({ kind }: { kind: string }) => kind !== 'same');
    assert.deepEqual([...new Set(changed.map(({ kind }: { kind: string }) => kind))], ['removed']);
    assert.deepEqual([answer.kind, answer.kept.length], ['saved', 1]);
    assert.equal(Deno.readTextFileSync(answer.kept[0]), YAML + ABOVE + SECOND + ALBUMS, 'the old one is kept');
    assert.equal(read('config.yaml'), `${YAML}  # the other way\n${ALBUMS}`);
    await service.until('the service has it no more', async () => (await status()).jobs?.length === 1);
    assert.equal((await send('preview', { kind: 'remove-share', name: 'back home' })).kind, 'nothing');
  });

  await test.step('shared albums, with a share beside them', async () => {
    assert.match(await page(), /aria-label="Remove shared albums"/);
    const { preview, answer } = await remove({ kind: 'remove-albums' });
    assert.match(preview.leadsTo.join(' '), /libraries of the members.*each name that begins with "shared albums:"/);
    assert.equal(answer.kind, 'saved');
    assert.equal(read('config.yaml'), `${YAML}  # the other way\n# whoever is in it\n# how loud\nlog_level: INFO\n`);
    assert.doesNotMatch(await page(), /aria-label="Remove shared albums"/);
  });

  await test.step('not the last of them, whichever way: nobody would look after what is shared', async () => {
    const before = read('config.yaml');
    for (
      const change of [
        { kind: 'remove-share', name: 'family' },
        { kind: 'file', text: 'write_schedule: 0 3 * * *\n' },
      ] as Record<string, string>[]
    ) {
      for (const step of ['preview', 'save'] as const) {
        const { kind, problems } = await send(step, change);
        assert.equal(kind, 'wrong');
        assert.match(problems.join(), /^Nothing else is shared[^]*immich-sidecar unshare,[^]*unshare --keep/);
      }
    }
    assert.equal(read('config.yaml'), before);
  });

  await test.step('one that is told, and all of them', async () => {
    const before = read('config.yaml');
    const heard: string[] = [];
    await using server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, async (request) => {
      heard.push((await request.json()).event);
      return new Response();
    });
    const { port } = server.addr;
    write(`${before}notify_urls: [ntfy://127.0.0.1:9/a-topic, json://127.0.0.1:${port}/a-key] # phone and script\n`);
    service.program.signal('SIGHUP');
    await service.until('both are told', async () => (await status()).notified === 2);
    const { preview, answer } = await remove({ kind: 'notifications', 'field.keep': '1' });
    assert.deepEqual([preview.leadsTo, answer.kind], [[], 'saved']);
    await service.until('one is told', async () => (await status()).notified === 1);
    assert.match(
      read('config.yaml'),
      new RegExp(`^notify_urls: \\[ ?"?json://127\\.0\\.0\\.1:${port}/a-key"? ?\\] # phone and script$`, 'm'),
    );
    const test = await fetch(`${url}actions/notify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    assert.deepEqual(await test.json(), { message: 'the webhook at 127.0.0.1: told' });
    assert.deepEqual(heard.filter((event) => event !== 'failure'), ['test']);
    assert.equal((await remove({ kind: 'notifications', 'field.keep': '' })).answer.kind, 'saved');
    await service.until('nobody is told', async () => (await status()).notified === 0);
    const lines = (text: string) => text.split('\n').map((line) => line.trim());
    assert.deepEqual(lines(read('config.yaml')), lines(before));
  });

  assert.equal(await service.end(), EXIT.ok);
});

Deno.test('when nothing is shared any more, by hand, what its owner locks goes all the same', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const [id = ''] = await world.someMirrored();
  await using service = new RunningService(world.config);
  await service.cycles();
  const { jobs: _, ...rest } = world.config;
  service.nextConfig = () => ({
    ...rest,
    jobs: [],
    syncIntervalSeconds: 0.1,
    write: { ...rest.write, schedule: '0 3 1 1 *' },
  });
  await service.scheduler.reload();
  await until('it waits', () => service.state.phase === 'waiting');
  const mirrors = async () =>
    await world.sql`SELECT FROM immich_sidecar.asset_map WHERE source_asset_id = ${id}`.then(({ length }) => length);
  assert.ok(await mirrors() > 0, 'it stays as it is');
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${id}`;
  await until('it is withdrawn', async () => await mirrors() === 0);
});

Deno.test('a share is taken out of each form of YAML, and nothing else', () => {
  const text =
    '# ours\njobs:\n- name: a # first\n  select: {albums: [x]}\n  # of a\n\n# of b\n- name: b\n  since: 2020\n';
  assert.equal(withoutJob(text, 'a'), '# ours\njobs:\n\n# of b\n- name: b\n  since: 2020\n');
  assert.equal(withoutJob(text, 'b'), text.slice(0, text.indexOf('- name: b')));
  assert.equal(withoutJob(text, 'c'), text);
  assert.equal(withoutJob('jobs: [{name: a}, {name: b}] # two\n', 'a'), 'jobs: [{name: b}] # two\n');
  assert.equal(withoutJob('sync_jobs:\n  -\n    name: a\n  - name: b', 'b'), 'sync_jobs:\n  -\n    name: a\n');
  assert.equal(withoutJob('sync_jobs:\n  -\n    name: a\n  - name: b', 'a'), 'sync_jobs:\n  - name: b');
  assert.equal(withoutJob('jobs:\n  - name: a\r\n    since: 1\r\n  - name: b\r\n', 'a'), 'jobs:\n  - name: b\r\n');
  const albums = 'log_level: INFO\n\n# all\nshared_albums: {directory: /x} # here\njobs: []\n';
  assert.equal(withoutSharedAlbums(albums), 'log_level: INFO\n\n# all\njobs: []\n');
  assert.equal(withoutSharedAlbums('{shared_albums: {directory: /x}, log_level: INFO}\n'), '{log_level: INFO}\n');
  assert.equal(withoutSharedAlbums('jobs: []\n'), 'jobs: []\n');
});
