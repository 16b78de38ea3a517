import assert from 'node:assert/strict';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { parserFor, withoutAlias } from '../../src/cli/program.ts';
import { UNSUPERVISED } from '../../src/sandbox/supervision.ts';
import { exists, textOf, unknownTasks } from '../packaging/repository.ts';
import { argumentsIn, inlineCommands, PAGES, shellLines } from './page_commands.ts';

/** Parses them as the program does, and does nothing. Throws what Commander says. */
async function parseOnly(args: readonly string[]): Promise<void> {
  const program = await parserFor(args, { LOG_FORMAT: 'json' }, () => {}, UNSUPERVISED);
  const quiet = (command: Command) => {
    if (command.commands.length === 0) command.action(() => {});
    command.commands.forEach(quiet);
  };
  program.commands.forEach(quiet);
  await program.parseAsync([...args], { from: 'user' });
}

Deno.test('every command on every page is one that the program understands', async () => {
  const seen: string[] = [];
  const wrong: string[] = [];
  for (const page of PAGES) {
    const text = textOf(page);
    for (const line of [...shellLines(text), ...inlineCommands(text)]) {
      const args = argumentsIn(line);
      if (args === undefined) continue;
      seen.push(line);
      try {
        await parseOnly(withoutAlias(args));
      } catch (error) {
        if ((error as { exitCode?: number }).exitCode !== 0) {
          wrong.push(`${page}: ${line}\n  ${(error as Error).message}`);
        }
      }
    }
    assert.deepEqual(unknownTasks(text), [], page);
  }
  assert.deepEqual(wrong, []);
  assert.ok(seen.length > 60, `${seen.length} commands`);
  await assert.rejects(parseOnly(['sync', '--drye-run']), /unknown option/);
  await assert.rejects(parseOnly(['synk']), /unknown command/);
});

Deno.test('what pages give to Compose is there: the file, the service, and the files that they copy', () => {
  const { services } = parse(textOf('compose.yaml').replaceAll(/\$\{\w+:\?[^}]*\}/g, '/x'));
  for (const page of PAGES) {
    for (const line of shellLines(textOf(page))) {
      const [, service] = /docker compose .*\brun (?:-\S+ (?:"[^"]*" )?)*(\S+) /.exec(line) ?? [];
      if (service !== undefined) assert.ok(Object.hasOwn(services, service), `${page}: ${line}`);
      for (const [path] of line.matchAll(/(?<![\w/.~-])(?:packaging|tests|docs)\/[\w./-]+/g)) {
        assert.ok(exists(path), `${page}: ${line}`);
      }
    }
  }
});

Deno.test('every link from one page to another leads somewhere, to its heading too', () => {
  const slug = (heading: string) =>
    heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').trim().replaceAll(' ', '-');
  const broken: string[] = [];
  for (const page of PAGES) {
    const directory = page.includes('/') ? 'docs/' : '';
    for (const [, target = ''] of textOf(page).matchAll(/\]\(((?!https?:|mailto:)[^)\s]+)\)/g)) {
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? page : new URL(file, `file:///${directory}`).pathname.slice(1);
      if (!exists(path)) broken.push(`${page}: ${target}`);
      else if (anchor !== undefined && path.endsWith('.md')) {
        const headings = [...textOf(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
          slug(heading.replaceAll('`', ''))
        );
        const marks = [...textOf(path).matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id);
        if (![...headings, ...marks].includes(anchor)) broken.push(`${page}: ${target}`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

Deno.test('what people look for has a place of its own', () => {
  const places = {
    'docs/install_docker.md': ['One paste'],
    'docs/upgrade.md': ['Upgrade immich-sidecar', 'Upgrade Immich', 'Uninstall'],
    'docs/faq.md': ['A certificate of your own', 'Tab completion', 'How do I read the log?', 'How do I report a bug?'],
  };
  for (const [page, headings] of Object.entries(places)) {
    for (const heading of headings) assert.match(textOf(page), new RegExp(`^## ${RegExp.escape(heading)}$`, 'm'), page);
  }
  assert.match(textOf('docs/faq.md'), /`DENO_CERT`/);
});
