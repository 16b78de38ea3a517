/** What can be written, one mapping each in mappings/. */
export const MODULES = Object.freeze(
  ['people', 'gps', 'caption', 'time', 'rating', 'albums', 'faces', 'tags'] as const,
);

export type Module = typeof MODULES[number];

/** What `--all` means; the others are asked for by name. */
export const ALL_MODULES: readonly Module[] = Object.freeze(['people', 'gps', 'caption', 'time', 'rating']);

/** Where tags are written: into the media file, into its XMP sidecar, or both. */
export type Destination = 'embed' | 'sidecar' | 'both';
