/** Where embeddings are. */
export type EmbeddingTable = 'smart_search' | 'face_search';

/** One embedding to copy: the asset or face that has it, and its mirror. */
export interface EmbeddingPair {
  readonly sourceId: string;
  readonly mirrorId: string;
}

/** Embeddings that mirrors lack, or of which they have another than their sources. */
export interface EmbeddingsPlan {
  readonly table: EmbeddingTable;
  readonly pairs: readonly EmbeddingPair[];
}

/** Hands the pages of a plan out in batches, to one worker at a time. What is left can be taken in a later cycle. */
export class EmbeddingQueue {
  readonly #pages: AsyncIterator<EmbeddingsPlan>;
  #page: EmbeddingsPlan = { table: 'smart_search', pairs: [] };
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(plan: AsyncIterable<EmbeddingsPlan>) {
    this.#pages = plan[Symbol.asyncIterator]();
  }

  /** Whether nothing is left, as far as that is known without asking the database. */
  get isEmpty(): boolean {
    return this.#isClosed;
  }

  /** The next batch of at most `size` pairs; undefined when there is none. */
  take(size: number): Promise<EmbeddingsPlan | undefined> {
    const taken = this.#turn.then(() => this.#next(size));
    this.#turn = taken.catch(() => {});
    return taken;
  }

  /** Hands out nothing more. */
  close(): void {
    this.#isClosed = true;
  }

  async #next(size: number): Promise<EmbeddingsPlan | undefined> {
    if (this.#isClosed) return undefined;
    if (this.#page.pairs.length === 0) {
      const next = await this.#pages.next();
      if (next.done) {
        this.close();
        return undefined;
      }
      this.#page = next.value;
    }
    const { table, pairs } = this.#page;
    this.#page = { table, pairs: pairs.slice(size) };
    return { table, pairs: pairs.slice(0, size) };
  }
}

/** Embeddings that cycles have left, by job. */
export type EmbeddingQueues = Map<string, EmbeddingQueue[]>;

/** The time that one cycle has for embeddings, from the first on, and what it leaves for the next one. */
export class EmbeddingBacklog {
  #endsAt: number | undefined;

  /** `sliceMs`: how long embeddings may be copied, in milliseconds; undefined = until all are there. */
  constructor(readonly queues: EmbeddingQueues, readonly sliceMs: number | undefined) {}

  /** As performance.now tells the time. */
  endsAt(): number {
    this.#endsAt ??= performance.now() + (this.sliceMs ?? Infinity);
    return this.#endsAt;
  }
}
