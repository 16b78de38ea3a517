import assert from 'node:assert/strict';
import { Argument, Command, Option } from 'commander';
import { bashScript } from '../../src/cli/completion/bash.ts';
import { fishScript } from '../../src/cli/completion/fish.ts';
import { modelOf } from '../../src/cli/completion/model.ts';
import { zshScript } from '../../src/cli/completion/zsh.ts';
import { EXIT } from '../../src/errors.ts';
import { testUnless } from '../files/scratch.ts';
import { run, workingDirectory } from './program.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
const missing = new Map(SHELLS.map((shell) => [shell, isHere(shell) ? undefined : `${shell} is not here`]));

testUnless(missing.get('bash'), 'bash completes commands, options and values', async () => {
  using cwd = workingDirectory('this: [is no YAML');
  const { code, stdout, stderr } = await run(['completion', 'bash'], { cwd: cwd.path, env: {} });
  assert.deepEqual([code, stderr], [EXIT.ok, '']);
  Deno.writeTextFileSync(`${cwd.path}/script`, stdout);
  Deno.writeTextFileSync(`${cwd.path}/my config.yaml`, '');
  Deno.mkdirSync(`${cwd.path}/my directory`);
  const complete = (...words: string[]) => completeIn(cwd.path, words);

  const commands = await complete('');
  for (
    const name of ['sync', 'serve', 'status', 'dedup', 'takeover', 'unshare', 'reshare', 'write', 'help', '--version']
  ) {
    assert.ok(commands.includes(name), name);
  }
  assert.deepEqual(
    await complete('un'),
    ['undo', 'undo-merge', 'unshare'].filter((name) => name.startsWith('un')).toSorted(),
  );
  assert.deepEqual(await complete('unsh'), ['unshare']);
  assert.deepEqual(await complete('sync', '--dr'), ['--dry-run']);
  assert.deepEqual(await complete('write', '--to', ''), ['both', 'embed', 'sidecar']);
  assert.deepEqual(await complete('write', '--to', 's'), ['sidecar']);
  assert.deepEqual(await complete('write', '--to', '=', 's'), ['sidecar'], '--to=s comes as three words');
  assert.deepEqual(await complete('write', '--to', '='), ['both', 'embed', 'sidecar']);
  assert.deepEqual(
    await complete('sync', '--job', 'write', '--js'),
    ['--json'],
    'a value that is the name of a command',
  );
  assert.deepEqual(await complete('sync', '--job', ''), [], 'nobody but the user knows');
  assert.deepEqual(await complete('sync', '--config', 'my'), ['my config.yaml', 'my directory']);
  assert.deepEqual(await complete('completion', 'z'), ['zsh']);
  assert.deepEqual(await complete('help', 'de'), ['dedup', 'demo']);
  assert.deepEqual(await complete('nonsense', '--x'), []);
});

/** What is typed, and what the line is once Tab was pressed. */
const TYPED: readonly (readonly [typed: string, completed: string])[] = [
  ['unsh', 'unshare'],
  ['sync --dr', 'sync --dry-run'],
  ['write --to s', 'write --to sidecar'],
  ['write --to=s', 'write --to=sidecar'],
  ['sync --job write --js', 'sync --job write --json'],
  ['setup --compose my\\ d', 'setup --compose my\\ directory/'],
  ['completion z', 'completion zsh'],
  ['help ded', 'help dedup'],
  ['--ver', '--version'],
  ['sync --job x', 'sync --job x'],
];

testUnless(missing.get('zsh'), 'zsh completes commands, options and values on a terminal', async () => {
  using cwd = await withScript('zsh');
  // A shell in a terminal of its own, in which a key prints the line as it is.
  const lines = TYPED.map(([typed]) => `immich-sidecar ${typed}\n`).join('');
  const shown = await ask('zsh', ['-f', '-c', ZSH_AT_A_TERMINAL], cwd.path, lines);
  assert.deepEqual(shown.split('\n').filter((line) => line !== '').map((line) => line.trimEnd()), completedLines());
});

const ZSH_AT_A_TERMINAL = `
zmodload zsh/zpty
zpty shell "zsh -f -i"
zpty -w shell "PROMPT= PS2=; unsetopt zle_bracketed_paste prompt_cr prompt_sp; autoload -U compinit; compinit -u -D
source ./script; show() { print -r -- \\"<\\$BUFFER>\\"; BUFFER=; zle .accept-line }; zle -N show; bindkey '^X' show
print READ''Y"
zpty -r shell out "*READY*"
while IFS= read -r line; do
  zpty -w -n shell "$line"$'\\t\\x18'
  zpty -r shell out "*<*>*"
  print -r -- "\${\${out##*<}%>*}"
done
zpty -d shell`;

testUnless(missing.get('fish'), 'fish completes commands, options and values', async () => {
  using cwd = await withScript('fish');
  const code =
    'source ./script; while read -l line; echo "<"(complete --do-complete="$line" | string join "|")">"; end';
  const lines = TYPED.map(([typed]) => `immich-sidecar ${typed}\n`).join('');
  const offered = (await ask('fish', ['--no-config', '-c', code], cwd.path, lines)).split('\n').slice(0, -1);
  // It offers the last word, with a description behind a tab; unescaped, as it is to be read.
  const expected = TYPED.map(([typed, completed]) =>
    typed === completed ? '' : /[^ \\](?:\\ |[^ ])*$/.exec(completed)?.[0].replaceAll('\\ ', ' ')
  );
  assert.deepEqual(offered.map((line) => line.slice(1, -1).replace(/\t.*/, '')), expected);
});

function completedLines(): string[] {
  return TYPED.map(([, completed]) => `immich-sidecar ${completed}`);
}

/** A directory with the script for a shell, and something to complete. */
async function withScript(shell: string) {
  const cwd = workingDirectory('');
  const { stdout } = await run(['completion', shell], { cwd: cwd.path, env: {} });
  Deno.writeTextFileSync(`${cwd.path}/script`, stdout);
  Deno.mkdirSync(`${cwd.path}/my directory`);
  return cwd;
}

/** What a shell prints that reads these lines. */
async function ask(shell: string, args: readonly string[], cwd: string, lines: string): Promise<string> {
  const child = new Deno.Command(shell, { args: [...args], cwd, stdin: 'piped', stdout: 'piped', stderr: 'piped' })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines));
  await writer.close();
  const { stdout, stderr } = await child.output();
  assert.equal(new TextDecoder().decode(stderr), '');
  return new TextDecoder().decode(stdout);
}

for (const shell of SHELLS) {
  testUnless(missing.get(shell), `the script for ${shell} is understood by it`, async () => {
    using cwd = workingDirectory('');
    const { stdout } = await run(['completion', shell], { cwd: cwd.path, env: {} });
    Deno.writeTextFileSync(`${cwd.path}/script`, stdout);
    const { code, stderr } = await new Deno.Command(shell, { args: ['-n', `${cwd.path}/script`], stderr: 'piped' })
      .output();
    assert.deepEqual([code, new TextDecoder().decode(stderr)], [0, '']);
  });
}

Deno.test('a shell that is not known is refused, and so is none', async () => {
  using cwd = workingDirectory('');
  const wrong = await run(['completion', 'powershell'], { cwd: cwd.path, env: {} });
  assert.equal(wrong.code, EXIT.usage);
  assert.match(wrong.stderr, /bash, zsh, fish/);
  assert.equal((await run(['completion'], { cwd: cwd.path, env: {} })).code, EXIT.usage);
});

/** A program with everything that could break a script. */
const ODD = new Command('odd-one').description('x').version('1')
  .addCommand(
    new Command('do').description(`It's [odd]: "quoted"\nsecond line`)
      .addArgument(new Argument('<what>', '').choices(['one', 'two']))
      .addOption(new Option('-t, --to <kind>', "one of 'these'").choices(['a', 'b']))
      .option('--directory <directory>', 'where: [here] or \\there')
      .addOption(new Option('--secret', 'hidden').hideHelp()),
  );

Deno.test('all scripts quote what their shells would take for something else, and leave hidden options out', () => {
  const model = modelOf(ODD);
  assert.deepEqual(model.commands.map(({ name, description }) => [name, description]), [
    ['do', `It's [odd]: "quoted"`],
    ['help', 'display help for command'],
  ]);
  const [bash, zsh, fish] = [bashScript(model), zshScript(model), fishScript(model)];
  assert.match(bash, /'do -t' \| 'do --to'\)\n +COMPREPLY=\(\$\(compgen -W 'a b' -- "\$cur"\)\)/);
  assert.match(zsh, /'do:It'\\''s \[odd\]\\: "quoted"'/);
  assert.match(zsh, /'\(-t --to\)'\{-t,--to=\}'\[one of '\\''these'\\''\]:kind:\(a b\)'/);
  assert.match(zsh, /'--directory=\[where: \\\[here\\\] or \\\\there\]:directory:_files -\/'/);
  assert.match(fish, /-a do -d 'It\\'s \[odd\]: "quoted"'/);
  assert.match(fish, /-s t -l to -x -a 'a b' -d 'one of \\'these\\''/);
  for (const script of [bash, zsh, fish]) assert.doesNotMatch(script, /secret/);
});

/** What bash offers after these words. */
async function completeIn(cwd: string, words: readonly string[]): Promise<string[]> {
  const code = `source ./script; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _immich_sidecar
    if [ \${#COMPREPLY[@]} -gt 0 ]; then printf '%s\\n' "\${COMPREPLY[@]}"; fi`;
  const { stdout, stderr } = await new Deno.Command('bash', {
    args: ['--norc', '-c', code, 'bash', 'immich-sidecar', ...words],
    cwd,
    stdout: 'piped',
    stderr: 'piped',
  }).output();
  assert.equal(new TextDecoder().decode(stderr), '');
  return new TextDecoder().decode(stdout).split('\n').filter((line) => line !== '').toSorted();
}

function isHere(shell: string): boolean {
  try {
    return new Deno.Command(shell, { args: ['--version'], stdout: 'null', stderr: 'null' }).outputSync().success;
  } catch {
    return false;
  }
}
