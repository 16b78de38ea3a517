import { count, list, named } from '../../config/words.ts';
import type { Covered, Exposure } from './exposure.ts';

/** What a scan would import, as one part of a sentence: `27 photos and videos of Alice and the library "Bob's" of Bob`. */
export function describeCovered(covered: readonly Covered[], nameOf: (userId: string) => string): string {
  return list(covered.map((one) => describe(one, nameOf)));
}

/** The same for all of it, with what Immich does not know and what could not be looked at. */
export function describeExposure(
  { others, own, unknownFiles, unseen }: Exposure,
  nameOf: (userId: string) => string,
): string {
  const [example] = unknownFiles;
  return list([
    ...[...others, ...own].map((one) => describe(one, nameOf)),
    ...example === undefined
      ? []
      : [`${count(unknownFiles.length, 'file')} that Immich does not know (such as ${named(example)})`],
    ...unseen.length > 0 ? [`what could not be looked at (${unseen.join(', ')})`] : [],
  ]);
}

function describe(covered: Covered, nameOf: (userId: string) => string): string {
  switch (covered.kind) {
    case 'originals':
      return `${count(covered.assets, 'photo or video', 'photos and videos')} of ${nameOf(covered.ownerId)}`;
    case 'library':
      return `the library ${named(covered.name)} of ${nameOf(covered.ownerId)} (${named(covered.importPath)})`;
    case 'media':
      return `Immich's own folder ${named(covered.folder)}`;
  }
}

/** Where mirrors and nothing else may lie, for somebody who has to choose: the same words wherever it is said. */
export const A_DIRECTORY_OF_ITS_OWN =
  'The import path of a target library must be a directory in which nothing lies but hidden directories of ours, such as ' +
  '/external_library/bob_shared for /external_library/bob_shared/.alice/ (docs/placements.md).';
