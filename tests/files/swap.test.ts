import assert from 'node:assert/strict';
import { FileProblem } from '../../src/files/problem.ts';
import type { SourceFile } from '../../src/files/identity.ts';
import { Linker } from '../../src/files/linker.ts';
import { PathMap } from '../../src/files/path_map.ts';
import { type InspectedMirror, linkFiles } from '../../src/share/mirrors/links.ts';
import { full } from './obstacles.ts';
import { exists, reasonOf, type Roots, Scratch, testOnBothRoots, testUnless } from './scratch.ts';
import { swapping } from './swapping.ts';

const PHOTOS = 200;

/** A library of the source's and the target's links to it in `.alice`, which a process keeps exchanging for a symbolic link. */
class Ground extends Scratch {
  readonly names = Array.from({ length: PHOTOS }, (_, index) => `${index}.jpg`);
  readonly originals = `${this.source}/alice`;
  readonly mirrors = `${this.target}/.alice`;

  constructor(roots: Roots) {
    super(roots);
    Deno.mkdirSync(this.originals);
    for (const name of this.names) {
      Deno.writeTextFileSync(`${this.originals}/${name}`, name);
      this.linker.link(this.linker.inspect(`${this.originals}/${name}`), `${this.mirrors}/${name}`);
    }
  }

  /** Names of the source's files that are there and are themselves. */
  intact(): string[] {
    return this.names.filter((name) => {
      try {
        return Deno.readTextFileSync(`${this.originals}/${name}`) === name;
      } catch {
        return false;
      }
    });
  }
}

testOnBothRoots('a directory that is exchanged once between two calls is not acted in again', Ground, (ground) => {
  const { linker, mirrors, originals, target } = ground;
  linker.remove(`${mirrors}/0.jpg`, target);
  Deno.renameSync(mirrors, `${mirrors}.away`);
  Deno.symlinkSync(originals, mirrors);
  const photo = linker.inspect(`${ground.source}/photo.jpg`);
  assert.deepEqual(
    [
      reasonOf(() => linker.remove(`${mirrors}/1.jpg`, target)),
      reasonOf(() => linker.link(photo, `${mirrors}/new.jpg`)),
      reasonOf(() => linker.replace(photo, `${mirrors}/2.jpg`)),
      reasonOf(() => linker.copy(photo, `${mirrors}/3.jpg`)),
      reasonOf(() => linker.moveAside(`${mirrors}/4.jpg`, `${target}/.kept/4.jpg`, target)),
    ],
    Array(5).fill('outside-roots'),
  );
  assert.equal(ground.intact().length, PHOTOS);
});

testOnBothRoots(
  'a source directory that is exchanged between inspection and link gives nothing away',
  Ground,
  (ground) => {
    const { linker, originals, outside, target } = ground;
    Deno.writeTextFileSync(`${outside}/0.jpg`, 'secret');
    const inspected = linker.inspect(`${originals}/0.jpg`);
    Deno.renameSync(originals, `${originals}.away`);
    Deno.symlinkSync(outside, originals);
    assert.equal(reasonOf(() => linker.link(inspected, `${target}/stolen.jpg`)), 'changed');
    assert.equal(reasonOf(() => linker.copy(inspected, `${target}/stolen.jpg`)), 'changed');
    assert.deepEqual(
      [...Deno.readDirSync(target)].map(({ name }) => name).filter((name) => name.startsWith('stolen')),
      [],
    );
    assert.equal(Deno.statSync(`${outside}/0.jpg`).nlink, 1);
  },
);

testOnBothRoots(
  'what was moved aside by mistake is not put back through a directory that was exchanged, and is dealt with when that is back',
  Ground,
  (ground) => {
    const { linker, mirrors, originals, outside, target } = ground;
    const [mirror, source, aside] = [`${mirrors}/0.jpg`, `${originals}/0.jpg`, `${target}/.kept/.going-0`];
    const going = goingOf(linker, source);
    Deno.renameSync(originals, `${originals}.away`);
    Deno.symlinkSync(outside, originals);
    assert.equal(reasonOf(() => linker.removeAside(mirror, target, [aside], going)), 'changed');
    assert.equal(exists(`${outside}/0.jpg`), false);
    assert.equal(Deno.readTextFileSync(aside), '0.jpg');
    Deno.removeSync(originals);
    Deno.renameSync(`${originals}.away`, originals);
    linker.removeAside(mirror, target, [aside], going);
    assert.deepEqual([exists(mirror), exists(`${target}/.kept`), ground.intact().length], [false, false, PHOTOS]);
  },
);

for (
  const [what, block] of [
    ['a file', (kept: string) => Deno.writeTextFileSync(kept, '')],
    ['a link to a directory', (kept: string, elsewhere: string) => Deno.symlinkSync(elsewhere, kept)],
    ['a link to nothing', (kept: string) => Deno.symlinkSync('nowhere', kept)],
  ] as const
) {
  testOnBothRoots(
    `where .kept is ${what}, a file goes by way of the next place, and nothing is left there`,
    Ground,
    (ground) => {
      const { linker, mirrors, originals, target } = ground;
      block(`${target}/.kept`, originals);
      const asides = [`${target}/.kept/.going-0`, `${target}/.going-0`];
      const source = `${originals}/0.jpg`;
      linker.removeAside(`${mirrors}/0.jpg`, target, asides, goingOf(linker, source));
      linker.removeAside(`${mirrors}/1.jpg`, target, asides);
      // One that a killed run has moved there.
      Deno.renameSync(`${mirrors}/2.jpg`, asides[1] ?? '');
      linker.removeAside(`${mirrors}/2.jpg`, target, asides);
      assert.notEqual(reasonOf(() => linker.moveAside(`${mirrors}/3.jpg`, `${target}/.kept/3.jpg`, target)), undefined);
      assert.deepEqual(['0.jpg', '1.jpg', '2.jpg', '3.jpg'].map((name) => exists(`${mirrors}/${name}`)), [
        false,
        false,
        false,
        true,
      ]);
      const hidden = [...Deno.readDirSync(target)].map(({ name }) => name).filter((name) => name.startsWith('.'));
      assert.deepEqual(hidden.sort(), ['.alice', '.kept']);
      assert.equal(ground.intact().length, PHOTOS);
    },
  );
}

testUnless(full.obstacle(), 'on a disk without any room left a file goes all the same', () => {
  using disk = full.make();
  const linker = new Linker([disk.path]);
  const [source, mirror] = [`${disk.path}/photo.jpg`, `${disk.path}/shared/.alice/photo.jpg`];
  Deno.writeTextFileSync(source, 'photo');
  linker.link(linker.inspect(source), mirror);
  disk.fill();
  const keep = `${disk.path}/shared`;
  const asides = [`${keep}/.kept/.going-0`, `${keep}/.going-0`];
  linker.removeAside(mirror, keep, asides, goingOf(linker, source));
  assert.deepEqual([exists(mirror), Deno.statSync(source).nlink, [...Deno.readDirSync(keep)]], [false, 1, []]);
});

testOnBothRoots(
  "somebody else's file that was moved aside by mistake survives whatever is removed after it",
  Ground,
  (ground) => {
    const { linker, mirrors, originals, target } = ground;
    const [mirror, source, aside] = [`${mirrors}/0.jpg`, `${originals}/0.jpg`, `${target}/.kept/.going-0`];
    const going = goingOf(linker, source);
    const mistaken = (text: string) => {
      Deno.writeTextFileSync(`${mirror}.new`, text);
      Deno.renameSync(`${mirror}.new`, mirror);
      assert.equal(reasonOf(() => linker.removeAside(mirror, target, [aside], going)), 'changed');
    };
    mistaken('the only copy of a photo');
    mistaken('of another one');
    linker.link(linker.inspect(source), mirror);
    linker.removeAside(mirror, target, [aside], going);
    linker.removeAside(mirror, target, [aside]);
    assert.equal(exists(mirror), false);
    assert.deepEqual(
      [...Deno.readDirSync(`${target}/.kept`)].map(({ name }) => Deno.readTextFileSync(`${target}/.kept/${name}`))
        .sort(),
      ['of another one', 'the only copy of a photo'],
    );
  },
);

testOnBothRoots(
  'while a process exchanges the directory without pause, no original is lost by removing links',
  Ground,
  async (ground) => {
    const { linker, mirrors, originals, target } = ground;
    let attempts = 0;
    {
      await using _ = await swapping(mirrors, originals);
      for (let round = 0; round < 20; round++) {
        for (const name of ground.names) {
          attempts++;
          try {
            const going = goingOf(linker, `${originals}/${name}`);
            linker.removeAside(`${mirrors}/${name}`, target, [`${target}/.kept/.going-${name}`], going);
          } catch (error) {
            if (!(error instanceof FileProblem)) throw error;
          }
        }
      }
    }
    assert.equal(attempts, 20 * PHOTOS);
    assert.deepEqual(ground.intact(), ground.names);
  },
);

testOnBothRoots(
  'links that are undone go by way of .kept, too, and what lies there is not lost',
  Ground,
  async (ground) => {
    const { linker, mirrors, originals, target } = ground;
    const files = { linker, paths: new PathMap([{ immich: ground.directory, local: ground.directory }]) };
    const source = linker.inspect(`${originals}/0.jpg`);
    const links = [`${mirrors}/new.jpg`, `${target}/taken.jpg`].map((mirrorPath) => ({
      source,
      target: mirrorPath,
      keep: target,
      link: { sourcePath: source.realPath, mirrorPath, keep: target, way: 'link' as const },
      isCopy: false,
    }));
    const plan = { mirrorAssetId: 'new', sourcePath: '' } as never;
    const mirror: InspectedMirror = { plan, links, files: new Set(), fileModifiedAt: undefined };
    const undo = async () => (await linkFiles([mirror], files, new AbortController().signal)).littered.length;
    Deno.mkdirSync(`${target}/.kept`);
    Deno.writeTextFileSync(`${target}/.kept/.going-new.jpg`, 'the only copy');
    assert.equal(await undo(), 1, 'another file lies where it would go');
    assert.equal(await undo(), 0);
    assert.equal(exists(`${mirrors}/new.jpg`), false);
    const [left, ...others] = [...Deno.readDirSync(`${target}/.kept`)];
    assert.deepEqual([Deno.readTextFileSync(`${target}/.kept/${left?.name}`), others], ['the only copy', []]);
    assert.equal(ground.intact().length, PHOTOS);
  },
);

/** What a file has to be that goes, as one name of the source at this path. */
function goingOf(linker: Linker, path: string): { readonly source: string; readonly expected: SourceFile } {
  const expected = linker.inspect(path);
  return { source: expected.realPath, expected };
}
