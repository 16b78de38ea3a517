import { counted } from '../../config/words.ts';
import { plain } from '../../config/quote.ts';
import type { PlanLine } from '../phases/phase.ts';
import type { PlannedStep } from './dry_run.ts';

/** Adds up what a dry run shows. */
export class StepTotals {
  readonly #counts: Record<string, number> = {};
  #changes = 0;

  /** One planned step as lines: `+` comes, `-` goes, `~` changes, `!` is left out. Also adds it to the totals. */
  describe(step: PlannedStep, lines: readonly PlanLine[]): string {
    for (const { kind, count = 1, isKnown = false } of lines) {
      this.#counts[kind] = (this.#counts[kind] ?? 0) + count;
      if (!isKnown) this.#changes += count;
    }
    const job = step.job === undefined ? '' : `${plain(step.job)}: `;
    return lines.map(({ sign, text }) => `${sign} ${job}${text}\n`).join('');
  }

  /** Whether a cycle would change anything. */
  get hasChanges(): boolean {
    return this.#changes > 0;
  }

  /** For machines: `{ photosToShare: 12 }`. What is not there is 0. */
  totals(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#counts).map(([kind, count]) => [camelCase(kind), count]));
  }

  summary(): string {
    const parts = Object.entries(this.#counts).map(([kind, number]) => counted(number, kind));
    if (parts.length === 0) return 'nothing to do\n';
    return this.hasChanges
      ? `would do: ${parts.join(', ')}; nothing was changed\n`
      : `nothing to do; as before: ${parts.join(', ')}\n`;
  }
}

function camelCase(words: string): string {
  return words.replace(/ (\w)/g, (_, letter: string) => letter.toUpperCase());
}
