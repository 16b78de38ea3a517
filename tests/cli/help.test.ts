import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { VERSION } from '../../src/version.ts';
import { run, workingDirectory } from './program.ts';

/** What each help must explain. */
const HELP: readonly (readonly [args: readonly string[], words: readonly string[]])[] = [
  [['--help'], ['sync', 'demo', '--help', '--version', 'config.yaml', 'Exit codes', '--dry-run', '--job']],
  [['sync', '--help'], ['--job <name>', '--dry-run', '--json', '--config <file>', '--help']],
  [['sync', '--help'], ['--confirm-withdrawals', '--confirm-corrections', 'Examples', 'exit code 4']],
  [['serve', '--help'], ['--config <file>', 'until stopped']],
  [['reshare', '--help'], [
    '--job <name>',
    '--user <id>',
    '--all',
    '--list',
    '--dry-run',
    '--yes',
    '--json',
    'Examples',
  ]],
  [['export', '--help'], ['<directory>', '--update', '--copy', '--include-locked', '--json', 'Examples']],
  [['write', '--help'], ['--regions <ways>', '--review']],
  [['resolve', '--help'], ['--take <side>', '--field <name...>', '--job <name>', '--json', 'Examples', 'Exit codes']],
  [['undo-merge', '--help'], ['--since <when>', '--job <name>', '--dry-run', '--yes', '--json', 'Stop the service']],
  [['kept', '--help'], ['list', 'restore', 'delete', '--all', '--to <directory>', '--yes', '--json', 'Examples']],
  [['people', '--help'], [
    'alike',
    'save',
    'restore',
    '--user <id>',
    '--all-users',
    '--replace',
    '--dry-run',
    '--yes',
    '--json',
    'Examples',
    'Stop the service',
  ]],
  [['unshare', '--help'], [
    '--job <name>',
    '--user <id>',
    '--dry-run',
    '--yes',
    '--json',
    'Examples',
    'Stop the service',
  ]],
  [['tags', '--help'], ['list', 'remove', '--all', '--dry-run', '--yes', '--json', 'Examples']],
  [['dedup', '--help'], ['--match-time', '--job <name>', '--user <id>', '--dry-run', '--yes', '--json', 'Examples']],
  [['takeover', '--help'], ['--is-stopped', '--dry-run', '--yes', '--json', 'Examples', 'config.yaml']],
  [['status', '--help'], ['--json', 'Examples', 'while the service runs']],
  [['explain', '--help'], ['--job <name>', '--files', '--json', 'Examples', 'Exit codes']],
  [['completion', '--help'], ['bash', 'zsh', 'fish', 'Examples', '.bashrc']],
  [['setup', '--help'], [
    '--yes',
    '--dry-run',
    '--json',
    '--compose',
    '--api-key-file',
    '--share',
    '--shared-albums',
    '--people',
    '--favorites',
    '--mount',
    'Examples',
    'Ctrl-C',
  ]],
  [['help', 'sync'], ['--job <name>', '--dry-run', '--json', '--config <file>', '--help']],
];

Deno.test('help and version need no configuration, go to stdout and exit with 0', async () => {
  using cwd = workingDirectory('this: [is no YAML');
  for (const [args, words] of HELP) {
    const { code, stdout, stderr } = await run(args, { cwd: cwd.path, env: { LOG_FORMAT: 'json' } });
    assert.deepEqual([code, stderr], [EXIT.ok, '']);
    for (const word of words) assert.ok(stdout.includes(word), `${args.join(' ')} does not mention ${word}`);
    const isTooWide = (line: string) => line.length > 120;
    assert.deepEqual(stdout.split('\n').filter(isTooWide), []);
  }
  const { code, stdout } = await run(['--version'], { cwd: cwd.path, env: {} });
  assert.deepEqual([code, stdout], [EXIT.ok, `${VERSION}\n`]);
});

Deno.test('without a command the help says what there is, and the exit code that something was missing', async () => {
  using cwd = workingDirectory('');
  const { code, stdout, stderr } = await run([], { cwd: cwd.path, env: {} });
  assert.deepEqual([code, stdout], [EXIT.usage, '']);
  assert.match(stderr, /Usage: immich-sidecar/);
});
