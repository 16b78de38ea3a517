import assert from 'node:assert/strict';
import { complaints, Ward } from './ward.ts';

Deno.test('all mirrors are looked at, page by page, also behind mirrors whose rows somebody has deleted', async () => {
  await using ward = await Ward.open();
  const { sql } = ward.world;
  const mirrors = await sql<{ id: string; path: string }[]>`
    SELECT a.id, a."originalPath" AS path
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.mirror_asset_id
    ORDER BY a.id`;
  const options = { isThorough: true, mirrorsPerQuery: 4 };
  assert.equal(complaints(await ward.examine({}, options), 'mirrors.files'), '');
  const last = mirrors.at(-1) ?? assert.fail();
  await Deno.remove(ward.world.local(last.path));
  const all = complaints(await ward.examine({}, options), 'mirrors.files');
  assert.ok(all.startsWith(`1 of ${mirrors.length} shared photos lacks a file, for example "${last.path}"`), all);
  await sql`DELETE FROM stack`; // one of them may come first in one
  await sql`DELETE FROM asset WHERE id = ANY (${mirrors.slice(0, 6).map(({ id }) => id)}::uuid[])`;
  const left = complaints(await ward.examine({}, options), 'mirrors.files');
  assert.ok(left.startsWith(`1 of ${mirrors.length - 6} shared photos lacks a file, for example "${last.path}"`), left);
});
