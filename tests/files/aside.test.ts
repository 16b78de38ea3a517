import assert from 'node:assert/strict';
import { inFirst } from '../../src/files/aside.ts';
import { FileProblem } from '../../src/files/problem.ts';
import { PathMap } from '../../src/files/path_map.ts';
import { asidesOf, removeFiles } from '../../src/share/mirrors/journal.ts';
import { BadDisk } from '../crash/bad_disk.ts';
import { exists, ROOTS, type Roots, Scratch, testOnBothRoots } from './scratch.ts';

const ID = '00000000-0000-4000-8000-000000000001';

/** A link in a directory of its own, which goes by way of two places. */
class Going extends Scratch {
  readonly original = `${this.source}/photo.jpg`;
  readonly mirror = `${this.target}/.alice/2023/photo.jpg`;
  readonly entry = { mirrorId: ID, path: this.mirror, keep: this.target };
  readonly asides = asidesOf(this.target, this.entry);
  readonly [0] = this.asides[0] ?? '';
  readonly [1] = this.asides[1] ?? '';

  constructor(roots: Roots) {
    super(roots);
    this.linker.link(this.photo(), this.mirror);
  }

  /** What a run that was killed between moving and removing has left; the file is another name of the original, too. */
  leave(nth: 0 | 1): void {
    if (nth === 0) Deno.mkdirSync(`${this.target}/.kept`);
    Deno.linkSync(this.original, this[nth]);
  }

  /** Names of ours that are there. */
  left(): string[] {
    return [this.mirror, ...this.asides, `${this.target}/.alice`, `${this.target}/.kept`].filter(exists);
  }
}

const STATES: Record<string, (going: Going) => void> = {
  'in its place': () => {},
  'in .kept': (going) => (going.leave(0), Deno.removeSync(going.mirror)),
  'beside .kept': (going) => (going.leave(1), Deno.removeSync(going.mirror)),
  'beside .kept, without the directory of its place,': (going) => (
    going.leave(1), Deno.removeSync(`${going.target}/.alice`, { recursive: true })
  ),
  'in its place again, and in both places aside': (going) => (going.leave(0), going.leave(1)),
  'in both places aside': (going) => (going.leave(0), going.leave(1), Deno.removeSync(going.mirror)),
};

for (const [state, arrange] of Object.entries(STATES)) {
  for (const isOriginal of [true, false]) {
    for (const roots of ROOTS) {
      Deno.test(`${isOriginal ? 'an original' : 'a file'} ${state} is gone, or known not to be, whichever step of its removal fails (roots ${roots})`, () => {
        for (let failing = 1, steps = Infinity; failing <= steps; failing++) {
          using going = new Going(roots);
          const { linker, original, mirror, target, asides } = going;
          const meant = isOriginal ? { source: original, expected: going.photo() } : undefined;
          arrange(going);
          const remove = () => linker.removeAside(mirror, target, asides, meant);
          const where = attempt(going.directory, failing, remove);
          steps = where.steps;
          if (where.problem === undefined) assert.deepEqual(files(going), [], `forgotten after ${where.what}`);
          remove();
          assert.deepEqual(files(going), [], `after ${where.what}`);
          assert.equal(Deno.statSync(original).nlink, 1, where.what);
        }
      });
    }
  }
}

Deno.test('without a failing step nothing is left, not even a directory, wherever the file was', () => {
  for (
    const [arrange, roots] of Object.values(STATES).flatMap((arrange) =>
      ROOTS.map((roots) => [arrange, roots] as const)
    )
  ) {
    using going = new Going(roots);
    arrange(going);
    going.linker.removeAside(going.mirror, going.target, going.asides);
    assert.deepEqual(going.left(), []);
  }
});

testOnBothRoots(
  'a file aside that a disk does not show is not taken for another one, and gets no name that nobody looks for',
  Going,
  (going) => {
    const { linker, original, mirror, target, asides } = going;
    const meant = { source: original, expected: going.photo() };
    const aside = `${Deno.realPathSync(target)}/${asides[0]?.slice(target.length + 1)}`;
    let looks = 0;
    using disk = BadDisk.begin(going.directory, (_, what) => what === `lstatSync ${aside}` && ++looks === 2);
    assert.throws(() => linker.removeAside(mirror, target, asides, meant), FileProblem);
    disk[Symbol.dispose]();
    assert.deepEqual([...Deno.readDirSync(`${target}/.kept`)].map(({ name }) => `${target}/.kept/${name}`), [
      asides[0],
    ]);
  },
);

testOnBothRoots(
  'the last name of a file, left aside by a killed run, is spared as it is in its place: it waits for a person',
  Going,
  (going) => {
    const { linker, original, target, entry } = going;
    const paths = new PathMap([{ immich: going.directory, local: going.directory }]);
    STATES['beside .kept']?.(going);
    Deno.removeSync(original);
    const [failure] = removeFiles([entry], { linker, paths }, { sparesLast: true });
    assert.equal(failure?.problem.reason, 'changed');
    const names = [...Deno.readDirSync(target)].map(({ name }) => name).filter((name) => name.startsWith('.going-'));
    assert.match(names.join(), /^\.going-[-0-9a-f]{36}\.jpg-[-0-9a-f]{36}$/);
    assert.equal(Deno.readTextFileSync(`${target}/${names[0]}`), 'photo');
  },
);

function files(going: Going): string[] {
  return going.left().filter((path) => !Deno.lstatSync(path).isDirectory);
}

function attempt(directory: string, failing: number, act: () => void) {
  using disk = BadDisk.begin(directory, (number) => number === failing);
  let problem: FileProblem | undefined;
  try {
    act();
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    problem = error;
  }
  return { problem, steps: disk.steps, what: disk.failed.map(({ what }) => what).join() };
}

Deno.test('what cannot be done in one place is done in the next, but not to a file that has changed meanwhile', () => {
  const asked: string[] = [];
  const act = (reasons: Readonly<Record<string, FileProblem['reason']>>) => (aside: string) => {
    asked.push(aside);
    const reason = reasons[aside];
    if (reason !== undefined) throw new FileProblem(reason, aside);
    return aside;
  };
  const tried = (reasons: Parameters<typeof act>[0]) => {
    asked.length = 0;
    try {
      return [inFirst(['a', 'b', 'c'], act(reasons)), asked.join('')];
    } catch (error) {
      return [(error as FileProblem).message, asked.join('')];
    }
  };
  const said = (reason: 'no-space' | 'changed', path: string) => new FileProblem(reason, path).message;
  assert.deepEqual(tried({}), ['a', 'a']);
  assert.deepEqual(tried({ a: 'no-space' }), ['b', 'ab']);
  assert.deepEqual(tried({ a: 'no-space', b: 'changed' }), [said('changed', 'b'), 'ab']);
  assert.deepEqual(tried({ a: 'no-space', b: 'permission', c: 'permission' }), [said('no-space', 'a'), 'abc']);
});
