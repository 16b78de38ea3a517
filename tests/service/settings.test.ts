import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { withJobFields, withNewJob } from '../../src/setup/edit/yaml_job.ts';
import { HIDDEN, withoutSecrets, withSecretsOf } from '../../src/setup/edit/yaml_secrets.ts';
import { testUnless } from '../files/scratch.ts';
import { startSettings, TOKEN, YAML } from './settings_service.ts';

const IS_WINDOWS = Deno.build.os === 'windows' ? 'signals are not there' : undefined;

testUnless(IS_WINDOWS, 'settings over HTTP: shown, tried, saved, staged, and taken up by the service', async (test) => {
  await using service = await startSettings();
  const { cwd, url, send, read, status } = service;
  const save = async (fields: Record<string, string>) => {
    const preview = await send('preview', fields);
    assert.equal(preview.kind, 'fine', JSON.stringify(preview));
    return { preview, answer: await send('save', { ...fields, digest: preview.digest }) };
  };

  await test.step('nobody sees or changes anything without the token, nor from a page of another site', async () => {
    const strangers = await fetch(`${url}settings`, { redirect: 'manual' });
    assert.equal(strangers.status, 303);
    await strangers.body?.cancel();
    for (const headers of [{}, { origin: 'http://evil.example' }, { authorization: 'Bearer wrong-token-x' }]) {
      const answer = await fetch(`${url}settings/save`, {
        method: 'POST',
        headers,
        body: new URLSearchParams({ kind: 'file', text: '' }),
      });
      assert.equal(answer.status, 403);
      await answer.body?.cancel();
    }
    assert.equal(read('config.yaml'), YAML);
  });

  await test.step('the page has every share and setting, and no secret', async () => {
    const page = await (await fetch(`${url}settings`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
    assert.match(page, /Share family[^]*select\.albums[^]*>Summer</);
    assert.match(page, /SYNC_INTERVAL_SECONDS[^]*It is set in \.env line 2\./);
    assert.match(page, new RegExp(`db_password: &quot;${HIDDEN}&quot;`));
    assert.doesNotMatch(page, /geheim-77/);
    assert.doesNotMatch(page, new RegExp(TOKEN));
  });

  await test.step('a share: comments and order stay, the difference is shown first', async () => {
    const { preview, answer } = await save({
      kind: 'share',
      name: 'family',
      'field.select.albums': 'Summer\nWinter, cold',
      'field.except.tags': 'private',
    });
    assert.equal(read('config.yaml').includes('Winter') && answer.kind, 'saved');
    const changed = preview.differences[0].lines.filter(({ kind }: { kind: string }) => kind !== 'same');
    assert.deepEqual(changed.map(({ kind, text }: { kind: string; text: string }) => `${kind} ${text.trim()}`), [
      'removed albums: Summer # the one at the sea',
      'added albums: [Summer, "Winter, cold"] # the one at the sea',
      'added except:',
      'added tags: private',
    ]);
    assert.equal(
      read('config.yaml'),
      YAML.replace('albums: Summer #', 'albums: [Summer, "Winter, cold"] #').replace(
        'people_match: all',
        'people_match: all\n    except:\n      tags: private',
      ),
    );
    assert.equal(answer.kept.length, 1);
    assert.equal(Deno.readTextFileSync(answer.kept[0]), YAML, 'the old one is kept');
    assert.equal((Deno.statSync(answer.kept[0]).mode ?? 0) & 0o777, 0o600);
  });

  await test.step('a share more, like one that is there: by a form, behind the others', async () => {
    const before = read('config.yaml');
    const fields = {
      kind: 'new-share',
      name: 'Oma & Opa',
      like: 'family',
      'field.select.people': 'Oma\nOpa',
      'field.since': '2015-01-01',
    };
    const { preview, answer } = await save(fields);
    assert.deepEqual([preview.widens, answer.kind], [[], 'saved']);
    const added = `  - name: Oma & Opa
    source_user_id: aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa
    target_user_id: bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb
    target_library_id: 11111111-1111-4111-8111-111111111111
    target_path_prefix: /data/shared/bob/.oma-opa/
    select:
      people: [Oma, Opa]
    since: 2015-01-01
`;
    assert.equal(read('config.yaml'), before + added);
    await service.until('the service has it', async () => (await status()).jobs?.length === 2);
    const again = await send('preview', fields);
    assert.match(again.problems.join(), /Oma & Opa/, 'a name counts once');
    const other = await send('preview', {
      ...{ kind: 'new-share', name: 'other way', like: 'family', 'field.target': 'carol@example.com' },
      'field.target_path_prefix': '/data/shared/carol/.alice/',
      'field.target_library_id': '22222222-2222-4222-8222-222222222222',
      'field.select.albums': 'Garden',
    });
    const lines = other.differences[0].lines.map(({ text }: { text: string }) => text.trim());
    assert.ok(lines.includes('target: carol@example.com') && lines.includes('albums: Garden'), lines.join('\n'));
    assert.ok(
      !lines.slice(lines.indexOf('- name: other way')).some((line: string) => line.startsWith('target_user_id')),
    );
    const nothing = await send('preview', { kind: 'new-share', name: 'x', like: '' });
    assert.match(nothing.problems.join(), /source_user_id/);
    Deno.writeTextFileSync(`${cwd}/config.yaml`, before);
  });

  await test.step('settings are changed where they count: in .env, else in config.yaml; the service takes them up', async () => {
    const { answer } = await save({
      kind: 'settings',
      'field.SYNC_INTERVAL_SECONDS': '7',
      'field.BRAKE_PERCENT': '30',
    });
    assert.equal(answer.kind, 'saved');
    assert.match(read('.env'), /^# how often\nSYNC_INTERVAL_SECONDS=7$/m);
    assert.match(read('config.yaml'), /^brake_percent: 30$/m);
    assert.match(read('config.yaml'), /# kept for grandma/);
    await service.until('the new interval holds', async () => (await status()).intervalSeconds === 7);
  });

  await test.step('a mistake is refused with the words of the program, and nothing is written', async () => {
    const before = [read('config.yaml'), read('.env')];
    const interval = await send('preview', { kind: 'settings', 'field.SYNC_INTERVAL_SECONDS': 'often' });
    assert.deepEqual(interval.problems, [
      'SYNC_INTERVAL_SECONDS (.env line 2): "often" is not a whole number. Write a whole number from 5 to 2147483.',
    ]);
    const file = await send('save', { kind: 'file', text: before[0] + 'job: []\n', digest: 'x' });
    assert.match(file.problems[0], /^job \(config\.yaml:\d+:1\): /);
    assert.match(file.problems[0], /jobs/, 'did you mean');
    const share = await send('preview', { kind: 'share', name: 'family', 'field.since': 'yesterday' });
    assert.match(share.problems[0], /since \(config\.yaml/);
    assert.deepEqual([read('config.yaml'), read('.env')], before);
  });

  await test.step('what was changed meanwhile by somebody else is not overwritten', async () => {
    const fields = { kind: 'settings', 'field.BRAKE_PERCENT': '40' };
    const { digest } = await send('preview', fields);
    Deno.writeTextFileSync(`${cwd}/config.yaml`, `${read('config.yaml')}# by hand\n`);
    assert.equal((await send('save', { ...fields, digest })).kind, 'fine', 'it is shown again');
    assert.match(read('config.yaml'), /brake_percent: 30[^]*# by hand\n$/);
  });

  await test.step('a directory, an address, a secret or a program that is new waits for the console', async () => {
    const before = read('config.yaml');
    for (
      const [add, what] of [
        ['external_library_dir: /somewhere/else\n', /write to \/somewhere\/else/],
        ['notify_url: http://198.51.100.7:99/x\n', /198\.51\.100\.7:99/],
        ['write_schedule: "0 3 * * *"\n', /start /],
      ] as const
    ) {
      const { preview, answer } = await save({ kind: 'file', text: withoutSecrets(before) + add });
      assert.match(preview.widens.join('\n'), what);
      assert.equal(answer.kind, 'staged');
      assert.deepEqual(answer.commands, [`mv '${cwd}/config.yaml.proposed' '${cwd}/config.yaml'`]);
      assert.equal(read('config.yaml'), before, 'nothing has changed');
      assert.equal(Deno.readTextFileSync(`${cwd}/config.yaml.proposed`), before + add, 'with its secrets');
    }
    const { preview } = await save({
      kind: 'file',
      text: withoutSecrets(before)?.replace(`"${HIDDEN}"`, 'another-one') ?? '',
    });
    assert.deepEqual(preview.widens, ['another address, token or password']);
    assert.equal(read('config.yaml'), before);
  });

  await test.step('the whole file: secrets stay where their dots are', async () => {
    const before = read('config.yaml');
    const { answer } = await save({ kind: 'file', text: `${withoutSecrets(before)}reconcile_hours: 12\n` });
    assert.equal(answer.kind, 'saved');
    assert.equal(read('config.yaml'), `${before}reconcile_hours: 12\n`);
  });

  assert.equal(await service.end(), EXIT.ok);
});

testUnless(IS_WINDOWS, 'without HTTP_TOKEN nothing can be edited', async () => {
  await using service = await startSettings({ token: '' });
  for (const method of ['GET', 'POST']) {
    const answer = await fetch(`${service.url}settings${method === 'POST' ? '/save' : ''}`, { method });
    assert.equal(answer.status, 404);
    await answer.body?.cancel();
  }
  assert.equal(await service.end(), EXIT.ok);
});

Deno.test('secrets of a YAML file are hidden in every form, and come back as they were', () => {
  for (const secret of ['plain', '"quoted # one"', "'single'", '[one, two]', '\n  - one\n  - two']) {
    const text = `# first\nnotify_urls: ${secret} # behind\nsync_interval_seconds: 9\n`.replace(': \n', ':\n');
    const shown = withoutSecrets(text) ?? '';
    assert.doesNotMatch(shown, /plain|quoted|single|one|two/);
    assert.match(shown, /sync_interval_seconds: 9/);
    assert.equal(withSecretsOf(text, shown), text);
  }
  assert.equal(withoutSecrets('db_password: "abc'), undefined, 'what cannot be understood is not shown');
  assert.equal(withSecretsOf('a: 1\n', `db_password: "${HIDDEN}"\n`), `db_password: "${HIDDEN}"\n`);
});

Deno.test('fields of a share: each form of YAML, nothing else changes', () => {
  const text =
    'jobs:\n- name: a\n  select: {albums: [x, y], favorites: true} # why\n- name: b\n  select:\n    people:\n    - Emil # my son\n';
  assert.equal(withJobFields(text, 'a', { 'select.albums': 'x\ny', 'select.favorites': 'true' }), text);
  assert.equal(withJobFields(text, 'nobody', { 'select.albums': 'z' }), text);
  assert.equal(
    withJobFields(text, 'b', { 'select.people': 'Anna\nEmil', since: '2020-01-01' }),
    text.replace('- Emil # my son', '- Anna\n    - Emil # my son') + '  since: 2020-01-01\n',
  );
  const without = withJobFields(text, 'b', { 'select.people': '', 'select.tags': 'family' });
  assert.equal(
    without,
    text.slice(0, text.indexOf('    people')) + '    tags: family\n',
    'what nobody changes stays as it is written',
  );
  assert.doesNotMatch(without, /people/);
  assert.doesNotMatch(withJobFields(text, 'b', { 'select.people': '' }), /select:\n *$/, 'no empty group');
});

Deno.test('a share more goes into a file without any, and beside no directory that is not hidden', () => {
  const made = withNewJob('# ours\nlog_level: INFO\n', {
    name: 'family',
    like: '',
    fields: { source: 'alice@example.com', target: 'Bob', 'select.paths': '/a/b/\n/c/' },
  });
  assert.equal(
    made,
    '# ours\nlog_level: INFO\njobs:\n  - name: family\n    source: alice@example.com\n    target: Bob\n    select:\n      paths: [/a/b/, /c/]\n',
  );
  const linked = withNewJob('jobs:\n- name: a\n  source: A\n  target: B\n  target_path_prefix: /data/bob/\n', {
    name: 'b',
    like: 'a',
    fields: {},
  });
  assert.match(linked, /- name: b\n {2}source: A\n {2}target: B\n$/);
});
