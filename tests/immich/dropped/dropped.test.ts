/**
 * The proof that src/immich/tables lists what the program needs: each column and each table of Immich is dropped, one at a time, in a
 * throw-away copy of a library in which everything has happened that can. Whoever uses Immich's tables then either refuses, naming
 * it, before anything is written, or does exactly what they do without the loss.
 *
 * `DROPPED=all` tries them all on every release (hours), `DROPPED=asset.localDateTime,memory` these; else it is what was found missing from
 * the list once, on the newest release, and a sample, of which `SEED=7` draws another.
 */
import assert from 'node:assert/strict';
import { SEED } from '../../harness/drawing.ts';
import { loadSchema, type Release, RELEASES, REPRESENTATIVE } from '../../harness/releases.ts';
import type { Dropped } from './account.ts';
import { Scene } from './scene.ts';
import { expect, judge } from './trial.ts';

const WANTED = Deno.env.get('DROPPED');

/** So many of them are tried besides the known ones. */
const SAMPLE = 2;

/** With these dropped somebody once failed, some when they had written already, or named something else. */
const ONCE_MISSING: readonly string[] = [
  'asset.localDateTime',
  'memory',
  'partner.sharedById',
  'album_user.role',
  'asset_edit.updatedAt',
  'kysely_migrations.name',
  'person_group_audit',
  'person_user',
];

for (const release of WANTED === undefined ? REPRESENTATIVE : RELEASES) {
  Deno.test(`${release}: whatever is dropped, it is named before anything is written, or makes no difference`, async () => {
    const dropped = await choose(release);
    await using scene = await Scene.of(release);
    const expectation = await expect(scene);
    const problems: string[] = [];
    let refused = 0;
    for (const loss of dropped) {
      const verdict = await judge(scene, expectation, loss);
      if (verdict.refusedBy.length > 0) refused++;
      if (verdict.problems.length === 0) continue;
      const shown = verdict.problems.slice(0, 3).map((problem) => `    ${problem.slice(0, 500)}`);
      problems.push([`${nameOf(loss)} (${verdict.problems.length}):`, ...shown].join('\n'));
      tell(`${release} ${problems.at(-1)}`);
    }
    tell(`${release}: ${dropped.length} dropped, ${refused} refused, ${problems.length} wrong`);
    assert.equal(problems.length, 0, `SEED=${SEED}, ${problems.length} of ${dropped.length}:\n${problems.join('\n')}`);
  });
}

async function choose(release: Release): Promise<Dropped[]> {
  const all = Object.entries((await loadSchema(release)).tables).flatMap(([table, { columns }]): Dropped[] => [
    { table },
    ...columns.map(({ name }) => ({ table, column: name })),
  ]);
  if (WANTED === 'all') return all;
  const wanted = WANTED?.split(',') ?? ONCE_MISSING;
  const known = all.filter((loss) => wanted.includes(nameOf(loss)));
  if (WANTED !== undefined) return known;
  const drawn = Array.from({ length: SAMPLE }, (_, turn) => all[(SEED + turn * 104_729) % all.length]);
  return [...release === REPRESENTATIVE.at(-1) ? known : [], ...drawn.flatMap((loss) => loss ?? [])];
}

/** In a run of hours, what is found is told at once. */
function tell(line: string): void {
  if (WANTED !== undefined) Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function nameOf({ table, column }: Dropped): string {
  return column === undefined ? table : `${table}.${column}`;
}
