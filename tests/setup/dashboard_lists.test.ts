/** The dashboard offers what setup offers: the same things with the same numbers, written in the same way. */
import assert from 'node:assert/strict';
import { loadConfig } from '../../src/config/load.ts';
import { bytes, countPhotos } from '../../src/config/words.ts';
import { EXIT } from '../../src/errors.ts';
import type { ConfigurationEdit } from '../../src/sandbox/supervision.ts';
import { ConfigurationDesk } from '../../src/setup/edit/desk.ts';
import type { FieldView, SettingsChange, ShareView } from '../../src/service/settings/desk.ts';
import { DIALECTS } from '../harness/fake_immich/captures.ts';
import { Ground } from './ground.ts';

/** The desk where setup ran; what it would write is written, as the supervisor does when it may. */
function deskOf(ground: Ground, env = ground.environment) {
  const edit = ({ files, isTry }: ConfigurationEdit) => {
    if (!isTry) { for (const { path, text } of files) Deno.writeTextFileSync(path, text); }
    return Promise.resolve(
      isTry ? { kind: 'fine' as const, widens: [] } : { kind: 'written' as const, kept: [], staged: [] },
    );
  };
  return new ConfigurationDesk({ place: { env, cwd: ground.cwd, configFile: undefined }, edit, onSaved: () => {} });
}

async function save(desk: ConfigurationDesk, change: SettingsChange): Promise<void> {
  const preview = await desk.preview(change);
  assert.ok(preview.kind === 'fine', JSON.stringify(preview));
  assert.equal((await desk.save(change, preview.digest)).kind, 'saved');
}

function fieldIn(view: ShareView | undefined, name: string): FieldView {
  return view?.fields.find(({ field }) => field === name) ?? assert.fail(name);
}

function optionIn(field: FieldView, label: string) {
  return field.options?.find((option) => option.label === label) ?? assert.fail(`${field.field}: ${label}`);
}

for (const dialect of DIALECTS) {
  Deno.test(`people, albums and favourites of a share are chosen from setup's lists, with its numbers (${dialect})`, async () => {
    await using ground = await Ground.open({ dialect });
    const chosen = ['--people', 'Grandma', '--from', 'Alice', '--to', 'Bob'];
    const setup = await ground.setup(['--yes', '--json', ...ground.flags, ...chosen]);
    assert.equal(setup.code, EXIT.ok, setup.stderr);
    const now = JSON.parse(setup.stdout).plan.jobs[0].now as { photos: number; bytes: number };
    const desk = deskOf(ground);
    const view = await desk.share('alice to bob');
    assert.equal(view?.noLists, undefined);
    const people = fieldIn(view, 'select.people');
    assert.equal(optionIn(people, 'Grandma').hint, `${countPhotos(now.photos)}, ${bytes(now.bytes)}`);
    assert.equal(people.value, optionIn(people, 'Grandma').value);
    assert.deepEqual(
      fieldIn(view, 'except.people').options?.map(({ label }) => label),
      people.options?.map(({ label }) => label),
    );

    const emil = optionIn(people, 'Emil, Jr.').value;
    const album = optionIn(fieldIn(view, 'select.albums'), 'Holiday, 2023').value;
    await save(desk, {
      kind: 'share',
      name: 'alice to bob',
      fields: { 'select.people': `${people.value}\n${emil}`, 'select.albums': album, 'select.favorites': 'true' },
    });
    const [job] = loadConfig({ env: ground.environment, cwd: ground.cwd }).jobs;
    assert.deepEqual(job?.select?.people, ['Grandma', 'Emil, Jr.']);
    assert.deepEqual([job?.select?.albums, job?.select?.favorites], [['Holiday, 2023'], true]);

    const others = await desk.newShare('alice to bob', 'bob@example.com');
    assert.equal(others.noLists, undefined);
    assert.ok(optionIn(fieldIn(others, 'target'), 'Alice').hint?.includes('@'));
    assert.notDeepEqual(fieldIn(others, 'select.people').options, people.options, "Bob's people, not Alice's");

    await save(desk, { kind: 'share', name: 'alice to bob', fields: { 'select.people': 'Nobody\nGrandma' } });
    const after = fieldIn(await desk.share('alice to bob'), 'select.people');
    assert.deepEqual(after.options?.[0], { value: 'Nobody', label: 'Nobody', hint: 'not found in Immich' });

    const away = await deskOf(ground, { ...ground.environment, DB_PORT: '1' }).share('alice to bob');
    assert.match(away?.noLists ?? '', /cannot be reached|It cannot be said/);
    assert.equal(fieldIn(away, 'select.people').options, undefined);
  });

  Deno.test(`shared albums and their members are chosen from lists (${dialect})`, async () => {
    await using ground = await Ground.open({ dialect });
    const setup = await ground.setup(['--yes', '--json', ...ground.flags, '--shared-albums', 'all']);
    assert.equal(setup.code, EXIT.ok, setup.stderr);
    const desk = deskOf(ground);
    const view = await desk.sharedAlbums();
    assert.equal(view.noLists, undefined);
    assert.deepEqual(
      ['albums.mode', 'albums', 'members.mode', 'members'].map((name) => fieldIn(view, name).value),
      ['all', '', 'all', ''],
    );
    const [album] = fieldIn(view, 'albums').options ?? [];
    assert.match(album?.hint ?? '', /photo.*; .*Alice/);
    const bob = optionIn(fieldIn(view, 'members'), 'Bob');
    await save(desk, {
      kind: 'albums',
      fields: { 'albums.mode': 'these', albums: album?.value ?? '', 'members.mode': 'except', members: bob.value },
    });
    const { sharedAlbums } = loadConfig({ env: ground.environment, cwd: ground.cwd });
    assert.deepEqual([sharedAlbums?.albums, sharedAlbums?.exceptMembers], [[album?.value], [bob.value]]);
    const again = await desk.sharedAlbums();
    assert.deepEqual([fieldIn(again, 'albums').value, fieldIn(again, 'members').value], [album?.value, bob.value]);
  });
}
