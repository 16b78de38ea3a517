/** Every page, README included. */
export const PAGES = [
  'README.md',
  ...[...Deno.readDirSync(new URL('../../docs/', import.meta.url))]
    .map(({ name }) => `docs/${name}`).filter((name) => name.endsWith('.md')).sort(),
];

/** The lines of all `sh` blocks, continued ones joined, without comments. */
export function shellLines(text: string): string[] {
  const blocks = [...text.matchAll(/^( *)```sh\n([^]*?)^ *```$/gm)].map(([, , block = '']) => block);
  return blocks.flatMap((block) => block.replaceAll(/\\\n\s*/g, ' ').split('\n'))
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim()).filter((line) => line !== '');
}

/** What stands between backticks in running text and begins with the program's name. */
export function inlineCommands(text: string): string[] {
  const prose = text.replaceAll(/^( *)```[^]*?^ *```$/gm, '');
  return [...prose.matchAll(/`(immich-sidecar [a-z][^`]*)`/g)].map(([, command = '']) =>
    command.replaceAll(/\s+/g, ' ')
  );
}

/** The ways in which pages start the program. */
const STARTS =
  /(?:^|\s)(?:immich-sidecar immich-sidecar|immich_sidecar immich-sidecar|npx -y deno@[\d.]+ task|entrypoint\.sh|immich-sidecar) (?=[a-z-])(.*)$/;

/** Tasks that are no commands of the program. */
const OTHER_TASKS = /^(?:test|bench|mutate|check|compile|packages|lock)\b/;

/** What a shell makes of a line: words, with quotes taken away; redirections and what follows a pipe are not the program's. */
function wordsOf(line: string): string[] {
  const [own = ''] = line.split(/ (?:[|>]|&&) ?/);
  return [...own.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) =>
    double ?? single ?? plain ?? ''
  );
}

/** Arguments of the program in a line of a page; undefined when it starts something else. */
export function argumentsIn(line: string): string[] | undefined {
  const [, rest] = STARTS.exec(line) ?? [];
  if (rest === undefined || OTHER_TASKS.test(rest)) return undefined;
  return wordsOf(rest);
}

/** Every command of the program on every page, as arguments, with the pages that it is on. */
export function commandsOnPages(textOfPage: (page: string) => string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const page of PAGES) {
    const text = textOfPage(page);
    for (const line of [...shellLines(text), ...inlineCommands(text)]) {
      const args = argumentsIn(line);
      if (args === undefined) continue;
      const command = args.map((arg) => /\s/.test(arg) ? JSON.stringify(arg) : arg).join(' ');
      found.set(command, [...new Set([...found.get(command) ?? [], page])]);
    }
  }
  return found;
}
