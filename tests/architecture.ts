import {
  anchorsOf,
  citationProblems,
  type Documents,
  findCycles,
  forbiddenArrows,
  type ImportGraph,
  nameCollisions,
  textProblems,
  wordProblems,
} from './architecture/rules.ts';
import { screenWordProblems } from './architecture/screens.ts';

const ROOT = new URL('..', import.meta.url);

/** Checks the rules of tests/architecture/rules.ts on this repository; prints each breach. Part of `deno task check`. */
async function main(): Promise<number> {
  const sources = ['main.ts', ...await modulesBelow('src')];
  const modules = [...sources, ...await modulesBelow('tests'), ...await modulesBelow('tools')];
  const [graph, documents] = [await readGraph(sources), await readDocuments()];
  // What a release has said stays as it was said.
  const pages = [...documents.keys()].filter((page) => page !== 'CHANGELOG.md');
  const problems = [
    ...findCycles(graph).map((cycle) => `import cycle: ${cycle.join(' -> ')}`),
    ...forbiddenArrows(graph),
    ...nameCollisions(new Map(await Promise.all(sources.map(readModule)))),
    ...(await Promise.all(modules.map((module) => readProblems(module, documents)))).flat(),
    ...(await Promise.all([...sources, ...pages].map(readWords))).flat(),
    ...(await Promise.all(sources.map(async (path) => screenWordProblems(...await readModule(path))))).flat(),
  ];
  for (const problem of problems) print(problem);
  print(`architecture: ${graph.size} modules, ${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
}

async function readModule(module: string): Promise<[module: string, text: string]> {
  return [module, await Deno.readTextFile(new URL(module, ROOT))];
}

async function readWords(path: string): Promise<string[]> {
  return wordProblems(...await readModule(path));
}

async function modulesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...await modulesBelow(path));
    else if (entry.name.endsWith('.ts')) found.push(path);
  }
  return found.sort();
}

async function readDocuments(): Promise<Documents> {
  const documents = new Map<string, ReadonlySet<string>>();
  for (const folder of ['', 'docs/']) {
    for await (const { name } of Deno.readDir(new URL(folder, ROOT))) {
      if (!name.endsWith('.md')) continue;
      documents.set(folder + name, anchorsOf(await Deno.readTextFile(new URL(folder + name, ROOT))));
    }
  }
  return documents;
}

async function readProblems(module: string, documents: Documents): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(module, ROOT));
  return [...textProblems(module, text), ...citationProblems(module, text, documents)];
}

interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly { readonly code?: Resolved; readonly type?: Resolved }[];
}

interface Resolved {
  readonly specifier?: string;
}

/** As Deno itself resolves imports, dynamic and type-only ones included. */
async function readGraph(sources: readonly string[]): Promise<ImportGraph> {
  const entry = await Deno.makeTempFile({ suffix: '.ts' });
  try {
    await Deno.writeTextFile(entry, sources.map((path) => `import '${new URL(path, ROOT)}';\n`).join(''));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ['info', '--json', '--config', new URL('deno.json', ROOT).pathname, entry],
    }).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
    const { modules }: { modules: ModuleInfo[] } = JSON.parse(new TextDecoder().decode(stdout));
    const found = new Map(modules.map((module) => [relative(module.specifier), localImports(module)]));
    return new Map(sources.map((path) => [path, found.get(path) ?? notRead(path)]));
  } finally {
    await Deno.remove(entry);
  }
}

function localImports(module: ModuleInfo): string[] {
  const targets = (module.dependencies ?? []).flatMap(({ code, type }) => [code?.specifier, type?.specifier]);
  return [...new Set(targets.filter((target) => target?.startsWith('file:')).map((target) => relative(target ?? '')))];
}

function notRead(path: string): never {
  throw new Error(`deno info says nothing about ${path}.`);
}

function relative(specifier: string): string {
  return specifier.startsWith(ROOT.href) ? specifier.slice(ROOT.href.length) : specifier;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

Deno.exit(await main());
