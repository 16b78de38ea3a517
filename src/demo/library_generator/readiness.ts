import type { ReleaseTraits } from './context.ts';
import type { AssetSpec, Expected, MissingStep } from './spec.ts';

const STEPS: readonly MissingStep[] = ['metadata', 'thumbnails', 'clip', 'faces', 'ocr'];

/**
 * Whether Immich has done a step for the asset. Without metadata nothing has happened, without thumbnails there was
 * nothing for machine learning to look at; CLIP, faces and OCR are independent of each other. Hidden videos of live
 * photos only get their metadata (rows.json).
 */
export function hasDone({ missing, expected }: AssetSpec, step: MissingStep): boolean {
  if (expected === 'motion-part') return step === 'metadata';
  if (missing === 'metadata' || missing === 'thumbnails') return STEPS.indexOf(step) < STEPS.indexOf(missing);
  return step !== missing;
}

/** What a share must make of the asset in this release: 2.0 has no OCR to wait for. */
export function expectedOf(spec: AssetSpec, traits: ReleaseTraits): Expected {
  return spec.missing === 'ocr' && !traits.hasTextRecognition ? 'shared-external' : spec.expected;
}
