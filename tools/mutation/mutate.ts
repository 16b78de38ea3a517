import { setPriority, tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { chosenOf } from './compiling.ts';
import { applied, type Named, named, shuffled } from './mutant.ts';
import { Place, run } from './place.ts';
import { NO_STATEMENT, type Plan, roomOf, wordsOf } from './plan.ts';
import { type Equivalent, readResults, type Result, resultsOf, scoreOf } from './results.ts';
import { buildIn, originalOf } from './switched.ts';
import { Tests } from './tests.ts';
import { FINISHED, keyOf, LOADING, readEntries, trialsOf, writeEntry } from './trials.ts';
import { mutantsOf } from './typescript.ts';

const USAGE = `deno task mutate [--mutants 300] [--seed N] [--places 1] [--seconds 60] [--directory DIRECTORY]
                 [--in src/share,src/writeback,src/files,src/immich] [--tests tests/files,tests/…] [--again]

Puts small faults into the program, drawn at random, and runs the tests that come by them. A fault that none notices has survived: it needs a test, or
is listed in tools/mutation/equivalent.json with the reason why nobody can notice it.

What is committed is tried, in copies of its own, with low priority. A run that was ended goes on from its directory. --again tries those that survived
on what is committed now. --seconds is how long tests are run that do not notice one.`;

/** Those that come by the folders that faults are put into. */
const TESTS = [
  'tests/files',
  'tests/writeback',
  'tests/immich/api',
  'tests/immich/scan',
  'tests/immich/tables.test.ts',
  'tests/immich/edits.test.ts',
  'tests/share',
  'tests/status',
  'tests/cli',
  'tests/doctor/judgements.test.ts',
  'tests/postgres',
  'tests/crash',
];

/** What comes after all others. */
const LONG = /histories|stress|corpus|export|new_field|pgvector/;

/** How many test files are loaded for a mutant; what others come by is tried there, too. */
const NEAREST = 4;

/** How many of them are asked, each in a process of its own, about a mutant that none has come by. */
const NEAREST_ALONE = 3;

/** Of one test file. */
const LIMIT_SECONDS = 240;

/** What a run that goes on must know again. */
interface Run {
  readonly seed: number;
  readonly commit: string;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      mutants: { type: 'string', default: '300' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
      places: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '60' },
      directory: { type: 'string', default: `${tmpdir()}/immich-sidecar-mutation` },
      in: { type: 'string', default: 'src/share,src/writeback,src/files,src/immich' },
      tests: { type: 'string', default: TESTS.join() },
      again: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return print(USAGE), 0;
  setPriority(15);
  const repository = await run('git', ['rev-parse', '--show-toplevel']);
  await Deno.mkdir(values.directory, { recursive: true });
  const directory = await Deno.realPath(values.directory);
  const head = await run('git', ['rev-parse', 'HEAD']);
  const first = await remembered(`${directory}/run.json`, { seed: Number(values.seed), commit: head });
  const commit = values.again ? head : first.commit;
  print(`seed ${first.seed}, commit ${commit.slice(0, 7)}, in ${directory}`);

  const equivalents: Equivalent[] = JSON.parse(await Deno.readTextFile(new URL('./equivalent.json', import.meta.url)));
  const resultsPath = `${directory}/results.jsonl`;
  const before = await readResults(resultsPath);
  const places = await Promise.all(
    Array.from({ length: Number(values.places) }, (_, n) => Place.open(repository, commit, `${directory}/place-${n}`)),
  );
  const close = () => Promise.all(places.map((place) => place[Symbol.asyncDispose]()));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    Deno.addSignalListener(signal, () => void close().finally(() => Deno.exit(130)));
  }
  try {
    const [place] = places;
    if (place === undefined) throw new Error('--places is 1 or more');
    const drawn = shuffled(await allMutants(place.directory, values.in.split(',')), first.seed);
    const survived = new Set(scoreOf(before, equivalents).survived.map(({ id }) => id));
    const wanted = values.again ? drawn.filter(({ id }) => survived.has(id)) : drawn;
    const name = `${commit.slice(0, 12)}${values.again ? '-again' : ''}`;
    const chosen = await chosenOf(place, wanted, Number(values.mutants), `${directory}/chosen-${name}.json`);
    print(`${drawn.length} mutants are possible, ${chosen.length} are tried`);
    const plan: Plan = {
      mutants: Object.fromEntries(
        chosen.map((one, number) => [number, { isSql: one.isSql, room: roomOf(one.file), words: wordsOf(one.file) }]),
      ),
      log: `${directory}/trials-${name}.jsonl`,
      heartbeat: '',
      seconds: Number(values.seconds),
    };
    const tests = new Tests(await testFiles(place.directory, values.tests.split(',')), place.directory);
    await inTests(places, chosen, tests, plan);
    for (const entry of readEntries(plan.log)) {
      if ('isFit' in entry && !entry.isFit) print(`without a fault, this fails when it is run twice: ${keyOf(entry)}`);
    }
    await onItsOwn(places, chosen, tests, plan, resultsPath);
    for (const result of resultsOf(chosen, readEntries(plan.log), await readResults(resultsPath))) {
      await append(resultsPath, result);
    }
    return report(await readResults(resultsPath), equivalents, first.seed);
  } finally {
    await close();
  }
}

/**
 * All mutants are built into the program, and the tests of each file switch on what they come by, one after the other. First the file that is near to the most
 * that nobody has noticed yet, until there is none.
 */
async function inTests(places: readonly Place[], chosen: readonly Named[], tests: Tests, plan: Plan): Promise<void> {
  const near = await Promise.all(chosen.map(async (mutant) => (await tests.nearest(mutant)).slice(0, NEAREST)));
  for (const place of places) await buildIn(place.directory, chosen);
  const begun = new Set(readEntries(plan.log).flatMap(({ file, test }) => test === FINISHED ? [file] : []));
  const nextFile = (): string | undefined => {
    const trials = trialsOf(readEntries(plan.log));
    const weights = new Map<string, number>();
    for (const [number, files] of near.entries()) {
      if (![undefined, 'survived'].includes(trials.get(number)?.outcome)) continue;
      for (const [rank, file] of files.entries()) {
        if (!begun.has(file)) weights.set(file, (weights.get(file) ?? 0) + 1 / (1 + rank) / (LONG.test(file) ? 10 : 1));
      }
    }
    const [heaviest] = [...weights].sort(([, a], [, b]) => b - a);
    return heaviest?.[0];
  };
  await Promise.all(places.map(async (place) => {
    const own: Plan = { ...plan, heartbeat: `${place.temporary}/heartbeat` };
    const path = `${place.temporary}/plan.json`;
    await Deno.writeTextFile(path, JSON.stringify(own));
    for (let file = nextFile(); file !== undefined; file = nextFile()) {
      begun.add(file);
      const start = Date.now();
      await place.tryAll(file, path, own);
      writeEntry(plan.log, { file, test: FINISHED, isFit: true });
      const noticed = [...trialsOf(readEntries(plan.log)).values()].filter(({ by }) => by !== undefined).length;
      print(`${file}: ${Math.round((Date.now() - start) / 1000)} s, ${noticed} noticed by now`);
    }
  }));
}

/** What no test has come by in its own process, or only while it was loaded, is put into the program alone. */
async function onItsOwn(
  places: readonly Place[],
  chosen: readonly Named[],
  tests: Tests,
  plan: Plan,
  resultsPath: string,
): Promise<void> {
  const entries = readEntries(plan.log);
  const trials = trialsOf(entries);
  const atLoading = new Set(
    entries.flatMap((entry) => entry.test === LOADING && 'reached' in entry ? entry.reached : []),
  );
  const done = new Set((await readResults(resultsPath)).map(({ id }) => id));
  const queue = chosen.filter(({ id }, number) => {
    const outcome = trials.get(number)?.outcome;
    return !done.has(id) && (outcome === undefined || outcome === 'survived' && atLoading.has(number));
  }).values();
  await Promise.all(places.map(async (place) => {
    for (const mutant of queue) {
      const result = await tryAlone(mutant, place, tests);
      await append(resultsPath, result);
      print(
        `${result.outcome} ${mutant.file}:${mutant.firstLine} ${mutant.kind}: ${mutant.after} (${result.by ?? ''})`,
      );
    }
  }));
}

async function tryAlone(mutant: Named, place: Place, tests: Tests): Promise<Result> {
  const { id, firstLine: line } = mutant;
  const path = `${place.directory}/${mutant.file}`;
  const built = await Deno.readTextFile(path);
  const text = await Deno.readTextFile(originalOf(place.directory, mutant.file));
  const inFault = async <T>(work: () => Promise<T>): Promise<T> => {
    await Deno.writeTextFile(path, applied(text, mutant));
    try {
      return await work();
    } finally {
      await Deno.writeTextFile(path, built);
    }
  };
  const asked = (await tests.nearest(mutant)).slice(0, NEAREST_ALONE);
  for (const file of asked) {
    const { outcome, test, output } = await inFault(() => place.test(file, LIMIT_SECONDS));
    if (outcome === 'passed') continue;
    if (mutant.isSql && NO_STATEMENT.test(output)) return { id, line, outcome: 'invalid', asked };
    // What fails without the fault, too, has not noticed anything.
    if ((await place.test(file, LIMIT_SECONDS, test)).outcome !== 'passed') continue;
    const by = { by: file, ...(test === undefined ? {} : { test }) };
    return { id, line, outcome: outcome === 'late' ? 'late' : 'killed', ...by, asked };
  }
  return { id, line, outcome: asked.length === 0 ? 'uncovered' : 'survived', asked };
}

async function allMutants(directory: string, folders: readonly string[]): Promise<Named[]> {
  const files = (await filesIn(directory, folders)).filter((file) => file.endsWith('.ts'));
  const perFile = files.map(async (file) => {
    const text = await Deno.readTextFile(`${directory}/${file}`);
    return named(text, mutantsOf(file, text));
  });
  return (await Promise.all(perFile)).flat();
}

async function testFiles(directory: string, paths: readonly string[]): Promise<string[]> {
  return (await filesIn(directory, paths)).filter((file) => file.endsWith('.test.ts'));
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

async function append(path: string, result: Result): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(result) + '\n', { append: true });
}

function report(results: readonly Result[], equivalents: readonly Equivalent[], seed: number): number {
  const { killed, late, survived, equivalent, invalid, share } = scoreOf(results, equivalents);
  for (const { id, line, outcome } of survived) print(`${outcome} at line ${line}: ${id}`);
  print(
    `seed ${seed}: ${killed} noticed, ${late} more did not end, ${survived.length} survived, ${equivalent} equivalent, ${invalid} no program: ` +
      `${(share * 100).toFixed(1)} %`,
  );
  return survived.length === 0 ? 0 : 1;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

Deno.exit(await main());
