import assert from 'node:assert/strict';
import { type Release, REPRESENTATIVE } from '../harness/database.ts';
import { SEED } from '../harness/drawing.ts';
import { type Accident, Proxy, type Statement } from './proxy.ts';
import { type Deed, DEEDS, Scene } from './scene.ts';
import { soon } from './soon.ts';

/** ACCIDENTS=all: every accident at every statement, every step by itself, on every representative release. */
const IS_ALL = Deno.env.get('ACCIDENTS') === 'all';
const RELEASES: readonly Release[] = IS_ALL ? REPRESENTATIVE : ['v3.1.0'];

const ACCIDENTS: readonly Accident[] = [
  'cut',
  'cut-after',
  'terminate',
  '40001',
  '40P01',
  '55P03',
  '57014',
  '53100',
  '42703',
  'XX000',
];

/** Cycles that fail one after the other before one may complete: what the first leaves behind is there for the second. */
const IN_A_ROW = IS_ALL ? 1 : 10;

for (const release of RELEASES) {
  Deno.test(
    `${release}: ${IS_ALL ? 'each' : 'every sixteenth'} statement of a cycle fails once, and the next cycle completes`,
    {},
    async () => {
      await using scene = await Scene.open(release);
      await using proxy = new Proxy(scene.world.config.database);
      const misfortunes = new Misfortunes();
      for (const deed of DEEDS) {
        while (await failsInARow(scene, proxy, deed, misfortunes)) {
          await scene.assertCompletes(`${deed} after ${misfortunes.last.join('; ')}`);
        }
      }
      assert.ok(misfortunes.count > 20, `only ${misfortunes.count} accidents`);
    },
  );
}

/** Which accidents have happened to which statements. */
class Misfortunes {
  count = 0;
  /** Those since the last completed cycle. */
  last: string[] = [];
  readonly #happened = new Set<string>();

  /** The next accident that has not yet happened to this statement, coming after that one. */
  next({ sql }: Statement, before: string): Accident | undefined {
    // What ends a transaction is told by what was done in it.
    const isEnd = /^(commit|rollback)$/.test(sql);
    const key = isEnd ? `${before}; ${sql}` : sql;
    for (const accident of this.#possible(sql)) {
      if (this.#happened.has(`${accident} ${key}`)) continue;
      this.#happened.add(`${accident} ${key}`);
      this.count++;
      this.last.push(`${accident} at ${key.slice(0, 200)}`);
      return accident;
    }
    return undefined;
  }

  #possible(sql: string): readonly Accident[] {
    if (sql === 'rollback') return ['cut'];
    if (IS_ALL) return ACCIDENTS;
    if (sql === 'commit') return ['cut', 'cut-after', '40001'];
    // One each, and every sixteenth statement: SEED=1 to 15 are the other sixteenths, higher ones other accidents at them.
    const sum = [...sql].reduce((sum, letter) => sum + letter.charCodeAt(0), SEED);
    return sum % 16 === 0 ? [ACCIDENTS[(sum / 16) % ACCIDENTS.length] ?? 'cut'] : [];
  }
}

/** False when there was nothing left that could happen. */
async function failsInARow(scene: Scene, proxy: Proxy, deed: Deed, misfortunes: Misfortunes): Promise<boolean> {
  await scene.prepare(deed);
  misfortunes.last = [];
  for (let time = 0; time < IN_A_ROW; time++) {
    let before = '';
    let accident: Accident | undefined;
    proxy.begin((statement) => {
      const now = accident === undefined ? misfortunes.next(statement, before) : undefined;
      accident ??= now;
      if (!isFormality(statement.sql)) before = statement.sql;
      return now;
    });
    try {
      await soon(scene.cycle(proxy.config), () => `${deed} after ${misfortunes.last.join('; ')}`);
    } catch (error) {
      assert.ok(accident !== undefined, `${deed} failed without a reason: ${error}`);
    }
    if (accident === undefined) return time > 0;
  }
  return true;
}

/** What every transaction begins and ends with. */
function isFormality(sql: string): boolean {
  return /^(begin|commit|rollback)\b/.test(sql) || /pg_locks|_advisory_|kysely_migrations/.test(sql);
}
