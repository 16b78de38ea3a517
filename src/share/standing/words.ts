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
