import { NotLookedAt } from './finding.ts';

/** Something that many checks need, made when the first of them asks for it, and once only. */
export class Need<T> {
  readonly #make: () => T | Promise<T>;
  readonly #lack: string;
  #made: Promise<T> | undefined;

  /** @param lack why a check that needs it was skipped, as a sentence */
  constructor(lack: string, make: () => T | Promise<T>) {
    this.#lack = lack;
    this.#make = make;
  }

  /** For the one check that tells what is wrong with it: throws what making it has thrown. */
  get(): Promise<T> {
    return this.#made ??= this.#start();
  }

  /** For all the others: throws NotLookedAt when it cannot be had. */
  async use(): Promise<T> {
    try {
      return await this.get();
    } catch (error) {
      throw error instanceof NotLookedAt ? error : new NotLookedAt(this.#lack);
    }
  }

  /** It, or undefined when it cannot be had. */
  async orNothing(): Promise<T | undefined> {
    return await settled(this.get());
  }

  /** It, if anybody has asked for it and it could be made. */
  async ifMade(): Promise<T | undefined> {
    return await settled(this.#made);
  }

  async #start(): Promise<T> {
    return await this.#make();
  }
}

/** undefined for a failure, of which others are told. */
async function settled<T>(promise: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await promise;
  } catch {
    return undefined;
  }
}
