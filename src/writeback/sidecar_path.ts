/**
 * Where the sidecar of an original may be, in the order in which Immich looks: `photo.jpg.xmp`, which it also makes itself,
 * then `photo.xmp` (docs/immich.md#what-immich-reads-from-files).
 */
export function sidecarCandidates(original: string): readonly [string, ...string[]] {
  const dot = original.lastIndexOf('.');
  const isExtension = dot > original.lastIndexOf('/') + 1;
  return isExtension ? [`${original}.xmp`, `${original.slice(0, dot)}.xmp`] : [`${original}.xmp`];
}
