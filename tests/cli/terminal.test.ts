import assert from 'node:assert/strict';
import { testUnless } from '../files/scratch.ts';
import { World } from '../share/world.ts';
import { run, variablesOf, workingDirectory, yamlJob } from './program.ts';
import { inTerminal, noTerminal } from './pty.ts';

testUnless(
  noTerminal,
  'on a terminal a progress bar is drawn while photos are copied, and gone when they are',
  async () => {
    await using world = await World.open('v3.1.0');
    using cwd = workingDirectory(world.config.jobs.map(yamlJob));
    const options = { cwd: cwd.path, env: { ...variablesOf(world), TERM: 'xterm' }, wrapper: inTerminal };
    const first = await run(['sync'], options);
    assert.equal(first.code, 0, first.stdout);
    assert.match(first.stdout, /family to bob [█░]{24} \d+\/\d+ photos/);
    const screen = screenAfter(first.stdout).join('\n');
    assert.match(
      screen,
      /^[\d:.]+ info {4}family to bob: skipped .*beach\.jpg".*\nshare +selected .*\nfamily to bob +\d+/m,
    );
    assert.match(screen, /^done in [\d.]+ s\n*$/m);
    assert.doesNotMatch(screen, /[█░]|photos +\d+\/s/);
    assert.ok(first.stdout.lastIndexOf('\u001b[?25h') >= first.stdout.lastIndexOf('\u001b[?25l'), 'the cursor is back');

    const again = await run(['sync', '--job', 'uploads to bob'], options);
    assert.doesNotMatch(again.stdout, /[█░]/, 'nothing to do, nothing to show');
    const json = await run(['sync'], { ...options, env: { ...options.env, LOG_FORMAT: 'json' } });
    assert.ok(!json.stdout.includes('\u001b'), 'a bar would not be JSON');
  },
);

/** A control sequence: its argument and its letter. */
const SEQUENCE = '\u001b\\[([?\\d;]*)([A-Za-z])';

/** The lines that a terminal shows after it was sent `text`: knows the few control sequences that a bar is made with. */
function screenAfter(text: string): string[] {
  const lines: string[] = [''];
  let [row, column] = [0, 0];
  let saved: [number, number] = [0, 0];
  for (const [token] of text.matchAll(new RegExp(`${SEQUENCE}|\u001b[78]|[^]`, 'g'))) {
    const line = lines[row] ?? '';
    const [, argument = '', command] = new RegExp(`^${SEQUENCE}$`).exec(token) ?? [];
    if (token === '\u001b7') saved = [row, column];
    else if (token === '\u001b8') [row, column] = saved;
    else if (command === 'K') {
      lines[row] = argument === '2'
        ? ''
        : argument === '1'
        ? line.slice(column).padStart(line.length)
        : line.slice(0, column);
    } else if (command === 'J') lines.splice(row, lines.length, line.slice(0, column));
    else if (command === 'G') column = Number(argument || 1) - 1;
    else if (command === 'A') row = Math.max(row - Number(argument || 1), 0);
    else if (command === 'B') row += Number(argument || 1);
    else if (command !== undefined) continue;
    else if (token === '\r') column = 0;
    else if (token === '\n') row++;
    else {
      lines[row] = line.padEnd(column).slice(0, column) + token + line.slice(column + 1);
      column++;
    }
    while (lines.length <= row) lines.push('');
  }
  return lines;
}
