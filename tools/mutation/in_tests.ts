/**
 * Loaded before a test file (`deno test --preload`): each test runs once without a fault, to see what it comes by, and then once more with
 * each of these mutants that nobody has noticed yet. Its end tells mutate.ts to go on with the next file, `RESTART` to load the same one again.
 */
import { NO_STATEMENT, type Plan, RESTART, roomOf, wordsOf } from './plan.ts';
import { switches } from './switch.ts';
import { type Entry, keyOf, LOADING, readEntries, type Trials, trialsOf, writeEntry } from './trials.ts';

const plan: Plan = JSON.parse(Deno.readTextFileSync(Deno.env.get('MUTATION_PLAN') ?? ''));
const file = Deno.env.get('MUTATION_FILE') ?? '';
// Tests may replace these.
const { now } = performance;
const clock = () => now.call(performance) / 1000;
const { setTimeout, clearTimeout, setInterval } = globalThis;

/** A busy machine is no fault. */
const PATIENCE = 8;
const LEAST_LIMIT_SECONDS = 30;

/** Tests that are asked about one mutant, and three times as many where names have to do with each other. */
const MOST = 6;
const MOST_OF_A_FILE = 1;

const NOTHING: Trials = { outcome: undefined, seconds: 0, asked: new Map() };

// Whoever looks whether this file grows older sees that this process is not caught in a loop.
Deno.unrefTimer(setInterval(() => Deno.utimeSync(plan.heartbeat, new Date(), new Date()), 5_000));
// What a failed test has left behind must not end the others.
for (const event of ['error', 'unhandledrejection']) addEventListener(event, (stray) => stray.preventDefault());

/** The same test, of another release of Immich, has been asked already. */
function isAlike(entry: Entry, test: string): boolean {
  const likeness = (name: string) => name.replace(/\bv\d+\.\d+\.\d+/, 'v');
  return 'isFit' in entry && entry.isFit && entry.file === file && likeness(entry.test) === likeness(test);
}

type Work = (t: Deno.TestContext) => void | Promise<void>;

const register = Deno.test;

function wrapped(...args: unknown[]): void {
  const definition: Record<string, unknown> = {};
  for (const one of args) {
    if (typeof one === 'string') definition['name'] = one;
    else if (typeof one === 'function') Object.assign(definition, { name: definition['name'] ?? one.name, fn: one });
    else Object.assign(definition, one);
  }
  const { name, fn } = definition as { name: string; fn: Work };
  register({
    ...definition as unknown as Deno.TestDefinition,
    name,
    fn: (t) => tryAll(name, () => fn(withoutSteps(t))),
    sanitizeOps: false,
    sanitizeResources: false,
    sanitizeExit: false,
  });
}

Object.defineProperty(Deno, 'test', { value: Object.assign(wrapped, register) });

/** The same, whose steps are part of the test: a test with failed steps could not be run again. */
function withoutSteps(t: Deno.TestContext): Deno.TestContext {
  const step = async (...args: unknown[]): Promise<boolean> => {
    const [first, second] = args;
    const definition = typeof first === 'object' ? first as Deno.TestStepDefinition : undefined;
    if (definition?.ignore) return false;
    await (definition?.fn ?? (second ?? first) as Work)(context);
    return true;
  };
  const context = { name: t.name, origin: t.origin, step } as Deno.TestContext;
  return context;
}

let isLoaded = false;

async function tryAll(test: string, run: () => void | Promise<void>): Promise<void> {
  if (!isLoaded) writeEntry(plan.log, { file, test: LOADING, reached: [...switches.reached], seconds: 0 });
  isLoaded = true;
  const note = (entry: object) => writeEntry(plan.log, { file, test, ...entry } as Parameters<typeof writeEntry>[1]);
  const entries = readEntries(plan.log);
  const own = entries.filter((entry) => keyOf(entry) === keyOf({ file, test }));
  if (own.some((entry) => 'isFit' in entry) || entries.some((entry) => isAlike(entry, test))) return;
  // The process has ended in the middle of it; twice with the same fault, which is no accident then.
  const last = own.at(-1);
  if (last !== undefined && 'begun' in last) {
    const { number } = last;
    const times = own.filter((entry) => 'begun' in entry && entry.number === number).length;
    if (times > 1 && number === undefined) return note({ isFit: false });
    if (times > 1) note({ number, outcome: 'late', seconds: 0 });
  }
  const tried = new Set(own.flatMap((entry) => 'outcome' in entry ? [entry.number] : []));

  switches.reached.clear();
  note({ begun: true });
  const begun = clock();
  try {
    await run();
  } catch (error) {
    note({ isFit: false });
    throw error;
  }
  const seconds = clock() - begun;
  const reached = [...switches.reached].sort((a, b) => a - b);
  note({ reached, seconds });
  let failures = 0;
  const known = trialsOf(entries);
  for (const number of reached) {
    const mutant = plan.mutants[number];
    if (mutant === undefined || tried.has(number) || !isWorth(number)) continue;
    note({ begun: true, number });
    const trial = await withFault(number, run, Math.max(LEAST_LIMIT_SECONDS, seconds * PATIENCE));
    const isInvalid = mutant.isSql && NO_STATEMENT.test(trial.error ?? '');
    note({ number, ...trial, ...(isInvalid ? { outcome: 'invalid' } : {}) });
    if (trial.outcome === 'late') Deno.exit(RESTART);
    if (trial.outcome === 'killed') failures++;
  }
  if (failures === 0) return note({ isFit: true });
  try {
    await run();
  } catch {
    note({ isFit: false });
    Deno.exit(RESTART);
  }
  note({ isFit: true });

  /**
   * Not everybody is asked about what nobody notices: a few tests of each file that come by, from the same room, and more of those that have to do
   * with it by name.
   */
  function isWorth(number: number): boolean {
    const { outcome, seconds: spent, asked } = known.get(number) ?? NOTHING;
    const mutant = plan.mutants[number];
    if (mutant === undefined || outcome !== undefined && outcome !== 'survived') return false;
    const isNamed = wordsOf(`${file} ${test}`).some((word) => mutant.words.includes(word));
    const times = [...asked.values()].reduce((sum, one) => sum + one, 0);
    if (isNamed) return spent < 3 * plan.seconds && times < 3 * MOST && (asked.get(file) ?? 0) < 3 * MOST_OF_A_FILE;
    const rooms = [roomOf(file), mutant.room];
    if (rooms.includes('share') && rooms.includes('writeback')) return false;
    return spent < plan.seconds && times < MOST && (asked.get(file) ?? 0) < MOST_OF_A_FILE;
  }
}

async function withFault(number: number, run: () => void | Promise<void>, limit: number) {
  switches.reached.clear();
  switches.active = number;
  const begun = clock();
  const late = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => late.resolve('late'), limit * 1000);
  let error: string | undefined;
  const passed = async () => {
    try {
      await run();
      return switches.reached.has(number) ? 'survived' : 'void';
    } catch (failure) {
      error = String(failure).slice(0, 300);
      return 'killed';
    }
  };
  const outcome = await Promise.race([passed(), late.promise]);
  clearTimeout(timer);
  switches.active = -1;
  return { outcome, seconds: clock() - begun, ...(error === undefined ? {} : { error }) };
}
