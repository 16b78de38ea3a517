import assert from 'node:assert/strict';
import { type Release, REPRESENTATIVE } from '../harness/database.ts';
import { SEED } from '../harness/drawing.ts';
import { BadDisk } from './bad_disk.ts';
import { DEEDS, Scene } from './scene.ts';
import { soon } from './soon.ts';

/** ACCIDENTS=all: every step by itself, on every representative release. */
const IS_ALL = Deno.env.get('ACCIDENTS') === 'all';
const RELEASES: readonly Release[] = IS_ALL ? REPRESENTATIVE : ['v3.1.0'];

/** Of how many file steps one fails in a cycle: some of them while what an earlier one has left is tidied up. */
const FAR_APART = IS_ALL ? Infinity : 8;

for (const release of RELEASES) {
  Deno.test(
    `${release}: ${IS_ALL ? 'each' : 'every second'} file step of a cycle fails once, and the next cycle completes`,
    {},
    async () => {
      await using scene = await Scene.open(release, { isDiskBad: true });
      for (const deed of DEEDS) {
        // SEED=1: the other half of the steps.
        let steps = Infinity;
        for (let first = IS_ALL ? 1 : 1 + SEED % 2; first <= Math.min(FAR_APART, steps); first += IS_ALL ? 1 : 2) {
          await scene.prepare(deed);
          steps = await cycleOnBadDisk(scene, (number) => (number - first) % FAR_APART === 0);
        }
      }
    },
  );
}

/**
 * A cycle on a disk on which some steps fail, and then one on a good disk. When the cycle ends early, because nothing can be
 * done on such a disk, it is done again with a disk that is good up to there. Returns how many steps there were.
 */
async function cycleOnBadDisk(scene: Scene, fails: (number: number) => boolean): Promise<number> {
  let isGoodUntil = 0;
  while (true) {
    using disk = BadDisk.begin(scene.world.directory, (number) => number > isGoodUntil && fails(number));
    let isOver = true;
    try {
      await soon(scene.cycle(), () => `after ${disk.failed.map(({ what }) => what).join('; ')}`);
    } catch (error) {
      const last = disk.failed.at(-1);
      assert.ok(last, `failed without a reason: ${error}`);
      isOver = false;
      isGoodUntil = last.number;
    }
    disk[Symbol.dispose]();
    if (!isOver) continue;
    await scene.assertCompletes(disk.failed.map(({ what }) => what).join('\n'));
    return disk.steps;
  }
}
