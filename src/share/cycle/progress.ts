/** Told while a long copy runs. */
export interface Progress {
  /** Whether anybody looks: counting what lies ahead is not free. */
  readonly isShown: boolean;
  /** `unit`: what is counted, for people. */
  start(job: string, total: number, unit: 'photos' | 'embeddings'): void;
  advance(done: number): void;
  stop(): void;
}
