import type { Outcome } from './outcome.ts';

/** What the outcomes of assets are called. */
export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = Object.freeze({
  'written': 'written',
  'would-write': 'would be written',
  'not-wanted': 'that you did not want written',
  'unchanged': 'unchanged since the last run',
  'already-right': 'had everything already',
  'nothing-known': 'of which Immich knows nothing to write',
  'mirror': 'shared photos, whose originals are written',
  'sidecar-unknown': 'left alone, as the API does not tell their sidecars',
  'same-file': 'with the same file as another asset',
  'not-found': 'not found',
  'unwritable': 'that cannot be written',
  'still-changing': 'that somebody may still be at work on; next run',
  'changed-meanwhile': 'changed while they were being written; next run',
  'failed': 'failed; next run',
});
