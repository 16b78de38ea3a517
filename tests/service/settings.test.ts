import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { albumsInYaml, withSharedAlbums } from '../../src/setup/edit/yaml_albums.ts';
import { withJobFields, withNewJob } from '../../src/setup/edit/yaml_job.ts';
import { HIDDEN, withoutEnvSecrets, withoutSecrets, withSecretsOf } from '../../src/setup/edit/yaml_secrets.ts';
import { testUnless } from '../files/scratch.ts';
import { startSettings, TOKEN, YAML } from './settings_service.ts';

const IS_WINDOWS = Deno.build.os === 'windows' ? 'signals are not there' : undefined;

function linesAdded(outcome: { differences: { lines: { kind: string; text: string }[] }[] }): string[] {
  return outcome.differences[0]?.lines.filter(({ kind }) => kind === 'added').map(({ text }) => text.trim()) ?? [];
}

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
    assert.match(page, /Share family[^]*>Albums<[^]*>Summer<[^]*>People<[^]*>Emil and Anna</);
    assert.match(page, />Seconds between syncs<[^]*It is set in \.env line 2\./);
    assert.match(
      page,
      />What the keys mean<[^]*>db_password<[^]*>Password of the database<[^]*>select\.albums<[^]*>Albums</,
    );
    for (const path of ['settings/share?name=family', 'settings/new?like=family&owner=', 'settings/albums']) {
      const form = await (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
      assert.match(form, /Nothing can be chosen from lists now, so names are typed\./, path);
      const strangers = await fetch(`${url}${path}`, { redirect: 'manual' });
      assert.equal(strangers.status, 303);
      await strangers.body?.cancel();
    }
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
      'Seconds between syncs (SYNC_INTERVAL_SECONDS, .env line 2): "often" is not a whole number. Write a whole number from 5 to 2147483.',
    ]);
    const file = await send('save', { kind: 'file', text: before[0] + 'job: []\n', digest: 'x' });
    assert.match(file.problems[0], /^job \(config\.yaml:\d+:1\): /);
    assert.match(file.problems[0], /jobs/, 'did you mean');
    const share = await send('preview', { kind: 'share', name: 'family', 'field.since': 'yesterday' });
    assert.match(share.problems[0], /^Taken since \(jobs\[0\]\.since, config\.yaml/);
    assert.deepEqual([read('config.yaml'), read('.env')], before);
  });

  await test.step('shared albums: all, some, all but some; a new directory waits for the console', async () => {
    const before = read('config.yaml');
    const fields = { kind: 'albums', 'field.directory': '/data/shared/albums/' };
    const added = await send('preview', fields);
    assert.deepEqual(linesAdded(added), ['shared_albums:', 'directory: /data/shared/albums/']);
    const some = await send('preview', {
      ...fields,
      'field.albums.mode': 'these',
      'field.albums': 'Summer\nWinter, cold',
      'field.members.mode': 'except',
      'field.members': 'bob@example.com',
      'field.into': 'same-name',
    });
    assert.deepEqual(linesAdded(some), [
      'shared_albums:',
      'albums: [Summer, "Winter, cold"]',
      'members: {except: [bob@example.com]}',
      'directory: /data/shared/albums/',
      'into: same-name',
    ]);
    const none = await send('preview', { ...fields, 'field.albums.mode': 'these' });
    assert.match(none.problems.join(), /shared_albums\.albums/);
    const nowhere = await send('preview', { kind: 'albums', 'field.into': 'same-name' });
    assert.match(nowhere.problems.join(), /shared_albums\.directory/);
    assert.equal(read('config.yaml'), before);
  });

  await test.step('who is told: addresses are added and taken out, and never shown', async () => {
    const before = [read('config.yaml'), read('.env')];
    const add = 'ntfys://ntfy.example.org/secret-topic?events=failure jsons://hook.example.org/key-9';
    const added = await send('preview', { kind: 'notifications', 'field.add': add });
    assert.deepEqual(added.widens.toSorted(), [
      'another address, token or password',
      'connect to hook.example.org:443',
      'connect to ntfy.example.org:443',
    ]);
    assert.deepEqual(added.differences[0].secrets, ['Notifications']);
    assert.doesNotMatch(JSON.stringify(added), /secret-topic|key-9/);
    const wrong = await send('preview', { kind: 'notifications', 'field.add': 'nowhere' });
    assert.match(wrong.problems.join(), /NOTIFY_URLS[^]*has a mistake in address 1/);

    Deno.writeTextFileSync(`${cwd}/config.yaml`, `${before[0]}notify_urls: "${add}" # phone\n`);
    const page = await (await fetch(`${url}settings`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
    assert.match(page, /ntfy at ntfy\.example\.org[^]*told of failure[^]*the webhook at hook\.example\.org/);
    assert.doesNotMatch(page, /secret-topic|key-9/);
    const { differences, digest } = await send('preview', { kind: 'notifications', 'field.keep': '1' });
    assert.deepEqual(differences.map(({ secrets }: { secrets: string[] }) => secrets), [['Notifications']]);
    assert.equal((await send('save', { kind: 'notifications', 'field.keep': '1', digest })).kind, 'staged');
    assert.match(
      Deno.readTextFileSync(`${cwd}/config.yaml.proposed`),
      /^notify_urls: "?jsons:\/\/hook\.example\.org\/key-9"? # phone$/m,
    );
    Deno.writeTextFileSync(`${cwd}/config.yaml`, before[0] ?? '');
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

Deno.test('shared albums in each form of YAML: what is said of them comes back, and nothing else changes', () => {
  const forms = [
    ['albums: all', 'all', ''],
    ['members: [Bob]', 'all', ''],
    ['albums: Summer # sea', 'these', 'Summer'],
    ['albums: [all]', 'these', 'all'],
    ['albums: {except: [Work, "a, b"]}', 'except', 'Work\na, b'],
    ['albums: all\n  except: Work', 'except', 'Work'],
  ] as const;
  for (const [form, mode, albums] of forms) {
    const text = `# ours\nshared_albums:\n  ${form}\n  directory: /data/shared/ # disk 1\n`;
    const fields = albumsInYaml(text) ?? assert.fail(form);
    assert.deepEqual([fields['albums.mode'], fields['albums']], [mode, albums], form);
    assert.equal(withSharedAlbums(text, fields), text, form);
    const other = withSharedAlbums(text, { 'albums.mode': 'except', albums: 'x\ny' });
    assert.match(other, /^# ours\nshared_albums:\n[^]*directory: \/data\/shared\/ # disk 1\n/, form);
    assert.deepEqual([albumsInYaml(other)?.['albums.mode'], albumsInYaml(other)?.['albums']], ['except', 'x\ny'], form);
    const all = withSharedAlbums(other, { 'albums.mode': 'all', albums: 'x\ny' });
    assert.equal(albumsInYaml(all)?.['albums.mode'], 'all', form);
  }
  assert.equal(albumsInYaml('jobs: []\n'), undefined);
});

Deno.test('secrets of an .env are hidden in every form', () => {
  const text = 'A=1\nDB_PASSWORD=abc\nexport NOTIFY_URLS="x y" # z\n  HTTP_TOKEN : q\nDB_PASSWORD_FILE=/run/x\n';
  assert.equal(
    withoutEnvSecrets(text),
    `A=1\nDB_PASSWORD=${HIDDEN}\nexport NOTIFY_URLS=${HIDDEN}\n  HTTP_TOKEN :${HIDDEN}\nDB_PASSWORD_FILE=/run/x\n`,
  );
});
