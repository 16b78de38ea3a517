import { posix } from 'node:path';
import type { Named } from './mutant.ts';
import { roomOf, wordsOf } from './plan.ts';

/** Modules that a module names: what it imports, and what it starts. */
const NAMED_MODULES = /['"](\.{1,2}\/[^'"\n]+\.ts)['"]/g;

/** The test files, and what each of them may come by: the modules that it names, and those that these name. */
export class Tests {
  readonly #modules = new Map<string, Promise<readonly string[]>>();
  readonly #reach = new Map<string, Promise<ReadonlySet<string>>>();

  /** @param files relative to the directory, in the order in which they are asked. */
  constructor(readonly files: readonly string[], private readonly directory: string) {}

  /** Those that may come by a mutant, first those that have to do with its file by name, then those that come by the fewest modules. */
  async nearest(mutant: Named): Promise<string[]> {
    const words = new Set(wordsOf(mutant.file));
    const all = await Promise.all(this.files.map(async (file) => ({ file, reach: await this.#reachOf(file) })));
    const near = all.filter(({ reach }) => reach.has(mutant.file)).map(({ file, reach }) => ({
      file,
      rank: [
        -wordsOf(file).filter((word) => words.has(word)).length,
        roomOf(file) === roomOf(mutant.file) ? 0 : 1,
        reach.size,
      ],
    }));
    const difference = (a: readonly number[], b: readonly number[]) =>
      a.map((value, index) => value - (b[index] ?? 0)).find((one) => one !== 0) ?? 0;
    return near.sort((a, b) => difference(a.rank, b.rank)).map(({ file }) => file);
  }

  async #reachOf(file: string): Promise<ReadonlySet<string>> {
    const known = this.#reach.get(file) ?? this.#follow(file);
    this.#reach.set(file, known);
    return await known;
  }

  async #follow(file: string): Promise<ReadonlySet<string>> {
    const reached = new Set([file]);
    for (const one of reached) for (const module of await this.#modulesOf(one)) reached.add(module);
    return reached;
  }

  #modulesOf(file: string): Promise<readonly string[]> {
    const known = this.#modules.get(file) ?? this.#read(file);
    this.#modules.set(file, known);
    return known;
  }

  async #read(file: string): Promise<readonly string[]> {
    const text = await Deno.readTextFile(`${this.directory}/${file}`).catch(() => '');
    return [...text.matchAll(NAMED_MODULES)].map(([, path]) => posix.join(posix.dirname(file), path ?? ''));
  }
}
