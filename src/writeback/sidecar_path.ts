import { basename, dirname } from 'node:path/posix';

/**
 * Where the sidecar of an original may be, in the order in which Immich looks: `photo.jpg.xmp`, which it also makes itself, then
 * `photo.xmp` (docs/immich.md#what-immich-reads-from-files). Then what Immich does not find where the file system tells capitals from
 * small letters, and other programs have made: `photo.jpg.XMP`, `photo.XMP`.
 */
export function sidecarCandidates(original: string): readonly [string, ...string[]] {
  const [own, ownInCapitals] = ownSidecarNames(original);
  const stem = pathStemOf(original);
  return stem === undefined ? [own, ownInCapitals] : [own, `${stem}.xmp`, ownInCapitals, `${stem}.XMP`];
}

/** Those that are of no other original. */
export function ownSidecarNames(original: string): readonly [string, string] {
  return [`${original}.xmp`, `${original}.XMP`];
}

/** Whether it is `photo.xmp`, which `photo.jpg` shares with `photo.dng`. */
export function isByStem(sidecar: string, original: string): boolean {
  const stem = pathStemOf(original);
  return stem !== undefined && [`${stem}.xmp`, `${stem}.XMP`].includes(sidecar);
}

/** `/a/photo` of `/a/photo.jpg`; undefined when a name has no ending. */
export function pathStemOf(path: string): string | undefined {
  const dot = path.lastIndexOf('.');
  return dot > path.lastIndexOf('/') + 1 ? path.slice(0, dot) : undefined;
}

/** `jpg` of `/a/photo.jpg`; empty when there is none. */
export function endingOf(path: string): string {
  return path.slice((pathStemOf(path) ?? path).length + 1);
}

/** What a new sidecar has to say, as its name does not: the ending of the original that it belongs to. undefined when the name says it. */
export function endingToSay(sidecar: string, original: string): string | undefined {
  const isBeside = dirname(sidecar) === dirname(original);
  return isBeside && isByStem(basename(sidecar), basename(original)) ? endingOf(original) : undefined;
}
