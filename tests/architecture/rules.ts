/** Which module imports which: paths relative to the repository; packages are left out. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

interface Layer {
  readonly name: string;
  /** A file, or a folder with its slash. */
  readonly path: string;
  /** Names of layers; its own is always allowed. */
  readonly mayImport: readonly string[];
}

const EVERYWHERE = ['errors', 'config', 'problems', 'codes', 'regular'];
const BELOW_JOBS = ['immich', 'postgres', 'files', 'xmp', ...EVERYWHERE];
const BELOW_CLI = ['service', 'share', 'writeback', 'fields', ...BELOW_JOBS];

/** Arrows point downwards only. `share` and `writeback` are two programs in one binary and know nothing of each other. */
export const LAYERS: readonly Layer[] = [
  { name: 'main', path: 'main.ts', mayImport: ['sandbox', 'cli', 'errors'] },
  { name: 'supervision', path: 'src/sandbox/supervision.ts', mayImport: [] },
  {
    name: 'sandbox',
    path: 'src/sandbox/',
    mayImport: ['supervision', 'version', 'immich', 'postgres', 'writeback', ...EVERYWHERE],
  },
  {
    name: 'cli',
    path: 'src/cli/',
    mayImport: ['demo', 'doctor', 'setup', 'status', 'supervision', 'version', ...BELOW_CLI],
  },
  { name: 'doctor', path: 'src/doctor/', mayImport: ['version', ...BELOW_CLI] },
  { name: 'setup', path: 'src/setup/', mayImport: ['supervision', ...BELOW_CLI] },
  { name: 'status', path: 'src/status/', mayImport: ['share', 'writeback', ...BELOW_JOBS] },
  { name: 'demo', path: 'src/demo/', mayImport: ['version', ...BELOW_CLI] },
  { name: 'service', path: 'src/service/', mayImport: ['published', 'version', 'share', 'writeback', ...BELOW_JOBS] },
  { name: 'share', path: 'src/share/', mayImport: ['version', ...BELOW_JOBS] },
  { name: 'fields', path: 'src/writeback/fields/', mayImport: [] },
  { name: 'writeback', path: 'src/writeback/', mayImport: ['version', 'fields', ...BELOW_JOBS] },
  { name: 'immich', path: 'src/immich/', mayImport: ['postgres', 'files', 'xmp', ...EVERYWHERE] },
  { name: 'xmp', path: 'src/xmp/', mayImport: [] },
  { name: 'postgres', path: 'src/postgres/', mayImport: EVERYWHERE },
  // How a file is opened of which nobody knows what it is.
  { name: 'regular', path: 'src/files/regular.ts', mayImport: [] },
  { name: 'files', path: 'src/files/', mayImport: EVERYWHERE },
  { name: 'codes', path: 'src/problems/codes.ts', mayImport: ['codes of files'] },
  { name: 'codes of files', path: 'src/problems/codes_of_files.ts', mayImport: [] },
  { name: 'problems', path: 'src/problems/', mayImport: ['errors', 'config', 'codes'] },
  // One of its settings chooses among the fields.
  { name: 'config', path: 'src/config/', mayImport: ['errors', 'fields', 'codes', 'regular'] },
  { name: 'errors', path: 'src/errors.ts', mayImport: ['codes'] },
  { name: 'published', path: 'src/published.ts', mayImport: [] },
  { name: 'version', path: 'src/version.ts', mayImport: ['package', 'build'] },
  { name: 'package', path: 'deno.json', mayImport: [] },
  { name: 'build', path: 'src/build.json', mayImport: [] },
];

/** Every import that the table does not allow, as a sentence; also of modules that belong to no layer. */
export function forbiddenArrows(graph: ImportGraph): string[] {
  return [...graph].flatMap(([from, targets]) => {
    const source = layerOf(from);
    if (!source) return [`${from} belongs to no layer of tests/architecture/rules.ts`];
    return targets.flatMap((to) => {
      const target = layerOf(to);
      const isAllowed = target === source || (target !== undefined && source.mayImport.includes(target.name));
      return isAllowed ? [] : [`${from} imports ${to}: ${source.name} must not import ${target?.name ?? 'that'}`];
    });
  });
}

function layerOf(module: string): Layer | undefined {
  return LAYERS.find(({ path }) => path.endsWith('/') ? module.startsWith(path) : module === path);
}

/** Circular imports, type imports included, each as the modules along the circle; empty when there are none. */
export function findCycles(graph: ImportGraph): string[][] {
  const cycles: string[][] = [];
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (module: string): void => {
    const start = path.indexOf(module);
    if (start >= 0) {
      cycles.push([...path.slice(start), module]);
      return;
    }
    if (finished.has(module)) return;
    path.push(module);
    for (const target of graph.get(module) ?? []) visit(target);
    path.pop();
    finished.add(module);
  };
  for (const module of graph.keys()) visit(module);
  return cycles;
}

/** More than this is more than one concept. */
const MAX_LINES = 400;

/** Documents of the repository by their path, each with the anchors of its headings. */
export type Documents = ReadonlyMap<string, ReadonlySet<string>>;

/** Everything that the comments and strings of a module cite and that is not in the repository, as sentences. */
export function citationProblems(module: string, text: string, documents: Documents): string[] {
  const cited = [...text.matchAll(/(?<![\w./-])((?:[\w-]+\/)*[\w-]+\.md)(?:#([\w-]+))?/g)].map(
    ([all, path = '', anchor]) => {
      const found = documents.get(path) ?? documents.get(`docs/${path}`);
      const isThere = found !== undefined && (anchor === undefined || found.has(anchor));
      return isThere ? undefined : all;
    },
  );
  // A chapter of a document that is known by its name only: a word in capitals, and a letter in parentheses.
  const chapters = [...text.matchAll(/\b[A-Z]{4,} \([a-z]\)/g)].map(([chapter]) => chapter);
  return [...cited, ...chapters]
    .filter((citation) => citation !== undefined)
    .map((citation) => `${module} cites ${citation}, which is not in the repository`);
}

/** The anchors that a page of Markdown has for its headings, as GitHub makes them. */
export function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.split('\n').filter((line) => /^#+ /.test(line));
  return new Set(
    headings.map((line) =>
      line.replace(/^#+ /, '').toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(/\s/g, '-')
    ),
  );
}

/** Names that more than one module of src/ exports: one name is one thing. `texts`: the modules by path. */
export function nameCollisions(texts: ReadonlyMap<string, string>): string[] {
  const EXPORTED = /^export (?:abstract )?(?:async )?(?:function\*?|class|interface|type|const|enum) (\w+)/gm;
  const homes = new Map<string, Set<string>>();
  for (const [module, text] of texts) {
    if (!module.startsWith('src/')) continue;
    for (const [, name = ''] of text.matchAll(EXPORTED)) homes.set(name, (homes.get(name) ?? new Set()).add(module));
  }
  return [...homes].filter(([, modules]) => modules.size > 1)
    .map(([name, modules]) => `${name} is exported by ${[...modules].toSorted().join(' and ')}: one name, one thing`);
}

/** Words that the program and its pages do not use, each with the one that they use instead. */
const WORDS: readonly (readonly [said: RegExp, instead: string])[] = [
  [/\b(?:tak(?:e|es|en|ing)|took)(?: \w+)? back\b/i, 'withdraw, remove or undo'],
  [/\bmend(?:s|ed|ing)?\b/i, 'repair or correct'],
  [/\b(?:he|his|him|himself)\b/i, 'they'],
  [/\b(?:whoever|lately)\b/i, 'plain words'],
  [/\bneeds you\b|waiting for your word/i, 'action needed'],
  [/\bwas not said\b|\bsays so with\b|\bstands in docs\b/i, 'what is wrong, and where it says so'],
];

/** Those that no page and no screen has; a comment may. */
export const READERS_WORDS: typeof WORDS = [
  [/\bsa(?:y|ys|id|ying) so\b/i, 'what is said, and where'],
  [/\bstands? in\b/i, 'is in'],
  [/\bas the one of\b|\bthe word\b/i, 'plain words'],
];

/** Sentences of a module of src/ or of a page that use other words than the rest. */
export function wordProblems(path: string, text: string): string[] {
  const words = path.endsWith('.md') ? [...WORDS, ...READERS_WORDS] : WORDS;
  return text.split('\n').flatMap((line, at) =>
    words.filter(([said]) => said.test(line)).map(([said, instead]) =>
      `${path}:${at + 1} says "${said.exec(line)?.[0]}" (instead: ${instead})`
    )
  );
}

/** Where tests have their seed from. */
const DRAWING = 'tests/harness/drawing.ts';

const OTHER_DRAWINGS = /from 'fast-check[']|\bMath\.random\(|\bSELECT setseed\(|Deno\.env\.get\('SEED'\)/;

/** What is wrong with the text of one module, as sentences. */
export function textProblems(module: string, text: string): string[] {
  const lines = text.split('\n').length - 1;
  return [
    ...(lines > MAX_LINES && module.startsWith('src/') ? [`${module} has ${lines} lines, more than ${MAX_LINES}`] : []),
    // Material that is not part of the repository.
    ...(/['"`](?:(?:\.\.\/)+|\/work\/)shared\//.test(text) ? [`${module} refers to a file in ../shared/`] : []),
    ...(module.startsWith('tests/') && module !== DRAWING && OTHER_DRAWINGS.test(text)
      ? [`${module} draws something that does not follow from the seed of ${DRAWING}`]
      : []),
  ];
}
