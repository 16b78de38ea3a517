import { setPriority, tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { applied, type Named, named, shuffled } from './mutant.ts';
import { Place, run } from './place.ts';
import { type Equivalent, readResults, type Result, scoreOf } from './results.ts';
import { Tests } from './tests.ts';
import { mutantsOf } from './typescript.ts';

const USAGE = `deno task mutate [--mutants 300] [--seed N] [--places 2] [--directory DIRECTORY]
                 [--in src/share,src/writeback,src/files,src/immich] [--tests tests/share,tests/…] [--again]

Puts small faults into the program, one at a time, drawn at random, and runs the tests that come by their lines until one fails. A fault
that none notices has survived: it needs a test, or stands in tools/mutation/equivalent.json with the reason why nobody can notice it.

What is committed is tried, in copies of its own, with the lowest priority. A run that was ended goes on from its directory. --again tries those that survived
on what is committed now, first with the tests that are new or changed.`;

/** What a killed run must know again. */
interface Run {
  readonly seed: number;
  readonly commit: string;
}

/** What PostgreSQL says of a statement that is none: such a mutant is as good as one that does not compile. */
const NO_STATEMENT =
  /syntax error at or near|operator does not exist|must be type boolean|could not determine data type|argument of \w+ must|there is no unique or exclusion|must appear in the GROUP BY/;

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      mutants: { type: 'string', default: '300' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
      places: { type: 'string', default: '2' },
      directory: { type: 'string', default: `${tmpdir()}/immich-sidecar-mutation` },
      in: { type: 'string', default: 'src/share,src/writeback,src/files,src/immich' },
      tests: { type: 'string', default: 'tests' },
      again: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return print(USAGE), 0;
  setPriority(19);
  const repository = await run('git', ['rev-parse', '--show-toplevel']);
  await Deno.mkdir(values.directory, { recursive: true });
  const directory = await Deno.realPath(values.directory);
  const head = await run('git', ['rev-parse', 'HEAD']);
  const first = await remembered(`${directory}/run.json`, { seed: Number(values.seed), commit: head });
  const { seed } = first;
  const commit = values.again ? head : first.commit;
  print(`seed ${seed}, commit ${commit.slice(0, 7)}, in ${directory}`);

  const equivalents: Equivalent[] = JSON.parse(await Deno.readTextFile(new URL('./equivalent.json', import.meta.url)));
  const resultsPath = `${directory}/results.jsonl`;
  const results = await readResults(resultsPath);
  const places = await Promise.all(
    Array.from({ length: Number(values.places) }, (_, n) => Place.open(repository, commit, `${directory}/place-${n}`)),
  );
  const close = () => Promise.all(places.map((place) => place[Symbol.asyncDispose]()));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    Deno.addSignalListener(signal, () => void close().finally(() => Deno.exit(130)));
  }
  try {
    const [first] = places;
    if (first === undefined) throw new Error('--places is 1 or more');
    const files = (await filesIn(first.directory, values.tests.split(','))).filter((file) => /\.test\.ts$/.test(file));
    const tests = new Tests(files, `${directory}/coverage-${commit.slice(0, 12)}`);
    const all = await allMutants(first.directory, values.in.split(','));
    const survived = new Set(scoreOf(results, equivalents).survived.map(({ id }) => id));
    const known = new Set(results.map(({ id }) => id));
    const drawn = shuffled(all, seed);
    const chosen = values.again ? drawn.filter(({ id }) => survived.has(id)) : drawn;
    print(`${all.length} mutants are possible, ${files.length} test files`);
    if (!await first.compiles()) throw new Error('The program does not compile without any fault.');
    let left = values.again ? chosen.length : Number(values.mutants) - results.filter(isValid).length;
    const queue = chosen.filter(({ id }) => values.again || !known.has(id)).values();
    const work = async (place: Place) => {
      for (const mutant of queue) {
        if (left <= 0) return;
        left--;
        const result = await tryMutant(mutant, place, tests, results);
        if (!isValid(result)) left++;
        results.push(result);
        await Deno.writeTextFile(resultsPath, JSON.stringify(result) + '\n', { append: true });
        print(
          `${result.outcome.padEnd(9)} ${mutant.file}:${mutant.firstLine} ${mutant.kind}: ${mutant.after} (${
            result.by ?? ''
          })`,
        );
      }
    };
    await Promise.all(places.map(work));
    for (const file of await tests.unfit()) print(`${file} fails without any fault; it was not asked`);
    return report(results, equivalents, seed);
  } finally {
    await close();
  }
}

function isValid({ outcome }: Result): boolean {
  return outcome !== 'invalid';
}

async function tryMutant(mutant: Named, place: Place, tests: Tests, results: readonly Result[]): Promise<Result> {
  const { id, firstLine: line } = mutant;
  const path = `${place.directory}/${mutant.file}`;
  const text = await Deno.readTextFile(path);
  const ran: { file: string; seconds: number }[] = [];
  const inFault = async <T>(work: () => Promise<T>): Promise<T> => {
    await Deno.writeTextFile(path, applied(text, mutant));
    try {
      return await work();
    } finally {
      await Deno.writeTextFile(path, text);
    }
  };
  if (!mutant.isSql && !await inFault(() => place.compiles())) {
    return { id, line, outcome: 'invalid', tests: ran };
  }
  for (const file of tests.inOrder(mutant, results)) {
    const limit = await tests.limitFor(file, mutant, place);
    if (limit === undefined) continue;
    const { outcome, seconds, test, output } = await inFault(() => place.test(file, limit));
    ran.push({ file, seconds: Math.round(seconds) });
    if (outcome === 'passed') continue;
    if (mutant.isSql && NO_STATEMENT.test(output)) return { id, line, outcome: 'invalid', tests: ran };
    // Some tests race with an attacker or a busy machine: what fails once has not noticed anything.
    const again = await inFault(() => place.test(file, limit, { only: test }));
    if (again.outcome === 'passed') continue;
    return {
      id,
      line,
      outcome: again.outcome === 'late' ? 'late' : 'killed',
      by: file,
      ...(test === undefined ? {} : { test }),
      tests: ran,
    };
  }
  return { id, line, outcome: ran.length === 0 ? 'uncovered' : 'survived', tests: ran };
}

async function allMutants(directory: string, folders: readonly string[]): Promise<Named[]> {
  const files = (await filesIn(directory, folders)).filter((file) => file.endsWith('.ts'));
  const perFile = files.map(async (file) => {
    const text = await Deno.readTextFile(`${directory}/${file}`);
    return named(text, mutantsOf(file, text));
  });
  return (await Promise.all(perFile)).flat();
}

/** Files below folders, and files that are named themselves, relative to a directory and in order. */
async function filesIn(directory: string, paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map(async (path) => {
    if ((await Deno.stat(`${directory}/${path}`)).isFile) return [path];
    const entries = await Array.fromAsync(Deno.readDir(`${directory}/${path}`));
    return await filesIn(directory, entries.map(({ name }) => `${path}/${name}`));
  }));
  return found.flat().sort();
}

async function remembered(path: string, run: Run): Promise<Run> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch {
    await Deno.writeTextFile(path, JSON.stringify(run));
    return run;
  }
}

function report(results: readonly Result[], equivalents: readonly Equivalent[], seed: number): number {
  const { noticed, survived, equivalent, invalid, share } = scoreOf(results, equivalents);
  for (const { id, line, outcome } of survived) print(`${outcome} at line ${line}: ${id}`);
  print(
    `seed ${seed}: ${noticed} noticed, ${survived.length} survived, ${equivalent} equivalent, ${invalid} no program: ` +
      `${(share * 100).toFixed(1)} %`,
  );
  return survived.length === 0 ? 0 : 1;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

Deno.exit(await main());
