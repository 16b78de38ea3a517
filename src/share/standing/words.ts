import { count, minuteOf, plural } from '../../config/words.ts';
import type { ToldRetries } from '../cycle/report.ts';
import { wordsFor } from '../../problems/codes.ts';
import { retryOf, type SkipReason, type Standing } from '../cycle/outcome.ts';

export const PENDING_WORDS: Readonly<Record<string, string>> = Object.freeze({
  metadata: 'for metadata',
  thumbnail: 'for thumbnails',
  edit: 'for the edited picture',
  clip: 'for smart search',
  faces: 'for face detection',
  recognition: 'for face recognition',
  ocr: 'for text recognition',
});

const shown = (assets: number) => assets.toLocaleString('en');

/** What of a job is not mirrored, and why, as lines. Empty when everything is. */
export function describeStanding(standing: Standing): string[] {
  const { pending, skipped, withdrawn, next } = standing;
  return [
    ...Object.entries(pending).map(([kind, assets]) =>
      `${shown(assets)} waiting ${PENDING_WORDS[kind] ?? kind} by Immich`
    ),
    ...Object.entries(skipped).map(([reason, assets]) =>
      `${shown(assets)} ${retryOf(reason as SkipReason) === 'never' ? 'left out' : 'waiting'}: ${
        wordsFor(reason as SkipReason)
      }`
    ),
    ...withdrawn > 0 ? [`${shown(withdrawn)} declined by the receiving user, not shared again`] : [],
    ...next > 0 ? [`${shown(next)} became ready meanwhile: shared in the next sync`] : [],
  ];
}

/** `at 2026-12-01 10:00 UTC`, or `in the next sync` for what is due. */
export function describeDue(nextAt: string): string {
  return Date.parse(nextAt) <= Date.now() ? 'in the next sync' : `at ${minuteOf(nextAt)} UTC`;
}

/** What failed and when it is tried again, as a sentence without its full stop; undefined when nothing failed. */
export function describeRetries({ photos, nextAt }: ToldRetries): string | undefined {
  if (nextAt === undefined) return undefined;
  const what = photos === 0
    ? 'what failed is'
    : `${count(photos, 'photo')} of which something failed ${plural(photos, 'is', 'are')}`;
  return `${what} tried again${photos > 1 ? ', the next' : ''} ${
    describeDue(nextAt)
  }, or when it changes; sync --full tries all at once`;
}
