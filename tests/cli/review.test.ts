import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { describeSideBySide, PhotoReview, type ReviewTerminal } from '../../src/cli/review.ts';
import { EXIT } from '../../src/errors.ts';
import { NOTHING_OWN } from '../../src/writeback/fields/values.ts';
import type { TagChange, WritePlan } from '../../src/writeback/tags.ts';
import { testUnless } from '../files/scratch.ts';
import { World } from '../share/world.ts';
import { run, variablesOf, workingDirectory } from './program.ts';
import { noTerminal, typing } from './pty.ts';

function planOf(path: string, changes: readonly TagChange[]): WritePlan {
  return { path, kind: 'media', isNew: false, changes, own: NOTHING_OWN, seen: undefined };
}

const CAPTION: TagChange = { tag: 'XMP-dc:Description', before: 'At the lake', after: 'At the beach' };
const RATING: TagChange = { tag: 'XMP-xmp:Rating', before: null, after: 5 };
const NAMES: TagChange = { tag: 'XMP-dc:Subject', before: ['Dora', 'Emil'], after: ['Dora', 'Frida'] };

/** Types these lines, one for each question; afterwards nobody types any more. */
class Typist implements ReviewTerminal {
  readonly columns = 60;
  readonly isColoured = false;
  shown = '';
  isAsked = false;
  readonly #lines: string[];

  constructor(...lines: string[]) {
    this.#lines = lines;
  }

  show(text: string): void {
    this.shown += text;
  }

  async read(): Promise<string | undefined> {
    assert.equal(this.isAsked, false, 'one question at a time');
    this.isAsked = true;
    await new Promise((resolve) => setImmediate(resolve));
    this.isAsked = false;
    return this.#lines.shift();
  }
}

Deno.test('old and new stand side by side; of lists only what differs; nothing in them acts on the terminal', () => {
  const text = describeSideBySide([planOf('/photos/a.jpg', [CAPTION, RATING, NAMES])], new Typist());
  assert.equal(
    text,
    '\n"/photos/a.jpg"\n' +
      '  XMP-dc:Description\n    At the lake                | At the beach\n' +
      '  XMP-xmp:Rating\n                               | 5\n' +
      '  XMP-dc:Subject\n    Emil                       | Frida\n',
  );
  const hostile = planOf('/photos/\u001b[2J.jpg', [{
    tag: 'XMP-dc:Description',
    before: null,
    after: 'a\u001b[31m\u202eb\nc',
  }]);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(describeSideBySide([hostile], new Typist()), /[\u0000-\u0009\u000b-\u001f\u202e]/);
});

Deno.test('long and wide text is broken at the width of its side, and loses nothing', () => {
  const long = '海辺で'.repeat(20);
  const text = describeSideBySide([planOf('/a.jpg', [{ ...CAPTION, after: long }])], { columns: 40, isColoured: true });
  const rows = stripVTControlCharacters(text).split('\n').filter((line) => line.includes('|'));
  assert.equal(rows.map((row) => row.split(' | ')[1]).join(''), long);
  assert.ok(rows.length >= 7, 'two columns for each letter');
  assert.ok(text.includes('\u001b[31mAt the lake\u001b[39m'), JSON.stringify(text));
});

Deno.test('yes, no, all of this kind, quit: one question at a time', async () => {
  const typist = new Typist('y', 'N', 'what', 'all', 'q');
  let quits = 0;
  const review = new PhotoReview(typist, () => void quits++);
  const answers = await Promise.all([
    review.ask([planOf('/1.jpg', [CAPTION])]),
    review.ask([planOf('/2.jpg', [CAPTION])]),
    review.ask([planOf('/3.jpg', [CAPTION, RATING])]),
    review.ask([planOf('/4.jpg', [RATING])]),
    review.ask([planOf('/5.jpg', [RATING, NAMES])]),
    review.ask([planOf('/6.jpg', [CAPTION])]),
  ]);
  assert.deepEqual(answers, [true, false, true, true, false, false]);
  assert.equal(quits, 1);
  const asked = typist.shown.match(/Write this\?.*?: /g) ?? [];
  assert.equal(asked.length, 5, 'an answer that is none is asked for again, and what was accepted is not');
  assert.equal(asked[2], 'Write this? [y]es, [n]o, [a]ll changes of XMP-dc:Description and XMP-xmp:Rating, [q]uit: ');
  assert.match(typist.shown, /\/4\.jpg/, 'what is written without a question is shown');
  assert.doesNotMatch(typist.shown, /\/6\.jpg/);
});

Deno.test('when nobody types any more nothing is written', async () => {
  let quits = 0;
  const review = new PhotoReview(new Typist(), () => void quits++);
  assert.equal(await review.ask([planOf('/1.jpg', [CAPTION])]), false);
  assert.equal(quits, 1);
});

testUnless(
  noTerminal,
  'write --review on a terminal writes what is wanted, and asks again the next time',
  async (t) => {
    await using world = await World.open('v3.1.0', { ownTables: false });
    using cwd = workingDirectory('{}');
    const env = {
      ...variablesOf(world),
      WRITE_SOURCE: 'database',
      WRITE_SETTLE_SECONDS: '0',
      TERM: 'xterm',
      NO_COLOR: '1',
    };
    const options = { cwd: cwd.path, env };
    const argsFor = (field: string) => ['write', field, '--to', 'sidecar', '--review'];

    await t.step('no, then yes, then quit', async () => {
      const { code, stdout } = await run(argsFor('--all'), { ...options, wrapper: typing('n\\ny\\nq') });
      assert.equal(code, EXIT.interrupted, stdout);
      assert.match(stdout, /^ *1 {2}written\r?$/m);
      assert.match(stdout, /^ *1 {2}that you did not want written\r?$/m);
      assert.match(stdout, /1 sidecar written/);
    });

    await t.step('all', async () => {
      const { code, stdout } = await run(argsFor('--caption'), { ...options, wrapper: typing('a') });
      assert.equal(code, EXIT.ok, stdout);
      assert.equal(stdout.match(/Write this\?/g)?.length, 1);
      assert.doesNotMatch(stdout, /did not want/, 'who said no is asked again');
    });

    await t.step('without a terminal, and beside what prints the same', async () => {
      const alone = await run(argsFor('--all'), options);
      assert.equal(alone.code, EXIT.usage);
      assert.match(alone.stderr, /no terminal to ask on/);
      for (const other of ['--json', '--dry-run']) {
        assert.equal((await run([...argsFor('--all'), other], options)).code, EXIT.usage);
      }
    });
  },
);
