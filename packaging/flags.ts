interface Manifest {
  /** Parts of Deno that the program uses, as `--unstable-NAME`. */
  readonly unstable?: readonly string[];
  readonly tasks: Readonly<Record<string, { readonly command: string } | undefined>>;
}

/** A task of deno.json that starts the program: Deno's flags for it, and the command. The demo is not packaged. */
const PROGRAM = /^deno run (.*)\bmain\.ts (?!demo\b)/;

/**
 * The packaged program has all its modules in it. Without these an `import('npm:…')`, which no permission of a worker governs (Deno 2.9),
 * would download a package and run it.
 */
const NO_MODULES: readonly string[] = ['--no-npm', '--no-remote'];

/** The same for the source, whose packages are in deno.lock and in Deno's cache. */
const OF_SOURCE: ReadonlySet<string> = new Set(['--frozen', '--cached-only']);

/**
 * The flags of Deno that go into the packaged program: everything that any of the tasks is allowed, and what else they and the
 * manifest set. It never asks for more.
 *
 * Throws Error for a flag that would mean something else when the tasks are put together.
 */
export function packagedFlags({ tasks, unstable = [] }: Manifest): string[] {
  const commands = Object.values(tasks).map((task) => PROGRAM.exec(task?.command ?? '')?.[1]);
  const flags = commands.flatMap((command) => command?.trim().split(' ') ?? []);
  const allowed = new Map<string, Set<string>>();
  const others = new Set<string>();
  const everybody = [...unstable.map((name) => `--unstable-${name}`), '--no-prompt', ...NO_MODULES];
  for (const flag of flags) {
    const [, name, values = ''] = /^(--allow-[a-z]+)(?:=(.+))?$/.exec(flag) ?? [];
    if (name !== undefined) allowed.set(name, new Set([...allowed.get(name) ?? [], ...values.split(',')]));
    else if (/^--(v8-flags=|unstable-)/.test(flag)) others.add(flag);
    else if (!everybody.includes(flag) && !OF_SOURCE.has(flag)) {
      throw new Error(
        `A task of deno.json has ${flag}, and nobody has decided what that means for the packaged program`,
      );
    }
  }
  // An empty value is the flag without a list: everything.
  const permissions = [...allowed].map(([name, values]) => values.has('') ? name : `${name}=${[...values].join(',')}`);
  return [...others, ...permissions.sort(), ...everybody];
}
