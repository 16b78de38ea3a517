/** Every call with which the program looks at or changes files. */
const STEPS = [
  'copyFileSync',
  'utimeSync',
  'linkSync',
  'lstatSync',
  'mkdirSync',
  'readDirSync',
  'realPathSync',
  'removeSync',
  'renameSync',
  'statSync',
] as const;
type Step = typeof STEPS[number];

/** What a disk can say, as Deno 2.9 passes it on. */
const ERRORS = {
  EIO: () => coded(new Error('Input/output error (os error 5)'), 'EIO'),
  ENOSPC: () => coded(new Error('No space left on device (os error 28)'), 'ENOSPC'),
  EACCES: () => coded(new Deno.errors.PermissionDenied('Permission denied (os error 13)'), 'EACCES'),
  EXDEV: () => coded(new Error('Invalid cross-device link (os error 18)'), 'EXDEV'),
  EMLINK: () => coded(new Error('Too many links (os error 31)'), 'EMLINK'),
} as const;
const CODES = Object.keys(ERRORS) as (keyof typeof ERRORS)[];

/** Whether a step fails: its number, from 1, and the call. */
type Fails = (number: number, what: string) => boolean;

/**
 * A disk below `directory` on which some steps fail, told by their numbers: the real calls are made, but for those that fail.
 * In use from `begin` until it is disposed of.
 */
export class BadDisk implements Disposable {
  readonly #real = Object.fromEntries(STEPS.map((step) => [step, Deno[step]])) as Pick<typeof Deno, Step>;
  #steps = 0;
  /** Where each step that has failed was taken. */
  readonly failed: { readonly number: number; readonly what: string }[] = [];

  private constructor(readonly directory: string, readonly fails: Fails) {}

  static begin(directory: string, fails: Fails): BadDisk {
    const disk = new BadDisk(directory, fails);
    for (const step of STEPS) {
      const real = disk.#real[step] as (...args: unknown[]) => unknown;
      Deno[step] = ((...args: unknown[]) => {
        disk.#take(step, args);
        return real(...args);
      }) as never;
    }
    return disk;
  }

  get steps(): number {
    return this.#steps;
  }

  #take(step: Step, args: readonly unknown[]): void {
    if (!args.some((path) => typeof path === 'string' && path.startsWith(`${this.directory}/`))) return;
    const number = ++this.#steps;
    if (!this.fails(number, `${step} ${args.join(' ')}`)) return;
    const code = CODES[(number + this.failed.length) % CODES.length] ?? 'EIO';
    this.failed.push({ number, what: `${step} ${code} ${args.join(' ')}` });
    throw ERRORS[code]();
  }

  [Symbol.dispose](): void {
    Object.assign(Deno, this.#real);
  }
}

function coded(error: Error, code: string): Error {
  return Object.assign(error, { code });
}
