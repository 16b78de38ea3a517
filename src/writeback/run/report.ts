import type { Destination } from '../../config/destination.ts';
import type { FieldName } from '../fields/fields.ts';
import type { WriteLimits } from '../limits.ts';
import { type Instead, Insteads } from './insteads.ts';
import { type Outcome, OUTCOMES } from '../outcome.ts';
import type { WritePlan } from '../tags.ts';

/** An asset that did not end well, for people. */
export interface Trouble {
  /** As this program sees it; as Immich sees it when it was not found. */
  readonly path: string;
  readonly outcome: Outcome;
  readonly reason: string;
}

/** What one run did. */
export interface WriteReport {
  /** undefined for a dry run, which is not remembered. */
  readonly run: number | undefined;
  readonly dryRun: boolean;
  readonly source: string;
  /** The fields that were chosen. */
  readonly modules: readonly FieldName[];
  readonly to: Destination;
  readonly startedAt: string;
  readonly seconds: number;
  /** All that were looked at; in a resumed run also before the interruption. */
  readonly assets: number;
  /** How many of them this run was spared because an earlier one had done them (`--resume`). */
  readonly resumed: number;
  /** They add up to `assets`. */
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly mediaWritten: number;
  readonly sidecarsWritten: number;
  /** Shared assets of which albums or tags were left out, as whom they are shared with has the same file. */
  readonly privateLeftOut: number;
  /** Why originals were left alone that were to be written into, so that their sidecars have everything. */
  readonly sidecarInstead: readonly Instead[];
  /** Files that had other names too (hard links), which keep what they had. */
  readonly otherNamesKept: number;
  /** False when something failed or the run was interrupted. */
  readonly complete: boolean;
  readonly interrupted: boolean;
  /** The first ones; see WriteLimits. */
  readonly troubles: readonly Trouble[];
}

/** Assets that ended like this are tried again next time; the run ends with exit code 3. */
const FAILURES: readonly Outcome[] = Object.freeze(['failed', 'changed-meanwhile']);

/** Counts how assets end. */
export class WriteTally {
  readonly #counts: Record<Outcome, number>;
  readonly #troubles: Trouble[] = [];
  readonly #mostTroubles: number;
  #looked = 0;
  #written = { media: 0, sidecar: 0 };
  #leftOut = 0;
  #otherNamesKept = 0;
  readonly insteads = new Insteads();

  /** @param before how assets ended in the part of this run that was interrupted */
  constructor({ troubles }: Pick<WriteLimits, 'troubles'>, before: Readonly<Partial<Record<Outcome, number>>> = {}) {
    this.#mostTroubles = troubles;
    this.#counts = Object.fromEntries(OUTCOMES.map((name) => [name, before[name] ?? 0])) as Record<Outcome, number>;
    this.#looked = this.#sum();
  }

  get assets(): number {
    return this.#looked;
  }

  get counts(): Readonly<Record<Outcome, number>> {
    return { ...this.#counts };
  }

  get troubles(): readonly Trouble[] {
    return this.#troubles;
  }

  get failed(): number {
    return FAILURES.reduce((sum, name) => sum + this.#counts[name], 0);
  }

  get otherNamesKept(): number {
    return this.#otherNamesKept;
  }

  /** A file that had several names was replaced. */
  keepOtherNames(): void {
    this.#otherNamesKept++;
  }

  get leftOut(): number {
    return this.#leftOut;
  }

  get written(): Readonly<Record<WritePlan['kind'], number>> {
    return { ...this.#written };
  }

  /** Whether a run that goes on need not look at it again. */
  isFinal(outcome: Outcome): boolean {
    return !FAILURES.includes(outcome) && outcome !== 'still-changing';
  }

  /** An asset has come; it must end. */
  look(): void {
    this.#looked++;
  }

  /** It was not begun, as the run is to stop. */
  giveBack(): void {
    this.#looked--;
  }

  wrote(kind: WritePlan['kind']): void {
    this.#written[kind]++;
  }

  /** Something that was chosen is not written of an asset, as others would see it. */
  leaveOut(): void {
    this.#leftOut++;
  }

  end(outcome: Outcome): void {
    this.#counts[outcome]++;
  }

  note(trouble: Trouble): void {
    if (this.#troubles.length < this.#mostTroubles) this.#troubles.push(trouble);
  }

  /** Throws when an asset has no end, or two: a bug of ours that must not go unnoticed. */
  check(): void {
    if (this.#sum() === this.#looked) return;
    throw new Error(`${this.#looked} assets were looked at, but ${this.#sum()} outcomes were counted.`);
  }

  #sum(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
  }
}
