/**
 * Where tags are written: into the media file, into its XMP sidecar, into both, or into sidecars in a tree of directories of their own,
 * whose root follows `tree:`. Originals, and what lies beside them, are then only read.
 */
export type Destination = 'embed' | 'sidecar' | 'both' | `tree:${string}`;

/** How a sidecar is called that has to be made beside `photo.jpg`; the default first. */
export const SIDECAR_NAMES = Object.freeze(['photo.jpg.xmp', 'photo.xmp'] as const);

export type SidecarName = typeof SIDECAR_NAMES[number];

const TREE = 'tree:';

/** The root of the tree; undefined when sidecars lie beside their originals. */
export function treeOf(destination: Destination): string | undefined {
  return destination.startsWith(TREE) ? destination.slice(TREE.length) : undefined;
}

/** The destination that stands for a tree with this root, an absolute path. */
export function inTree(root: string): Destination {
  return `${TREE}${root}`;
}

/** Whether originals are written into, as far as their formats allow it. */
export function isEmbedded(destination: Destination): boolean {
  return destination === 'embed' || destination === 'both';
}
